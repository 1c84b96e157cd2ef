package syndicate

// BaseUnits has the names of the units of amounts.
func BaseUnits() []string {
	var names []string
	for name := range baseUnits {
		names = append(names, name)
	}
	return names
}
