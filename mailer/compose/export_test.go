package compose

import "broadsheet/templates"

// Functions returns the names of what templates may call.
func Functions() []string {
	var names []string
	for name := range functions(templates.Catalogue{}) {
		names = append(names, name)
	}
	return names
}
