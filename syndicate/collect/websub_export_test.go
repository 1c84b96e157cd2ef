package collect

// HubOf is hubOf, for tests.
var HubOf = hubOf
