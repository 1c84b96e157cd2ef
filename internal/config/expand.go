package config

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} by a variable and ${NAME:-default} by a variable or,
// when it is unset or empty, the default. $${ stands for ${ itself.
func expand(s string, lookup func(string) (string, bool)) (string, *expandError) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			b.WriteString(s)
			return b.String(), nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(literal + "${")
			s = rest
			continue
		}
		b.WriteString(before)
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", &expandError{"${" + rest + " is never closed", "close it with }, or write $${ for the two characters themselves"}
		}
		value, err := variable(inner, lookup)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		s = after
	}
}

// variable returns what stands for NAME or NAME:-default.
func variable(inner string, lookup func(string) (string, bool)) (string, *expandError) {
	name, fallback, hasDefault := strings.Cut(inner, ":-")
	if !variableName.MatchString(name) {
		return "", &expandError{fmt.Sprintf("%q is not the name of an environment variable", name), "write ${NAME} or ${NAME:-default}; $${ stands for the two characters themselves"}
	}
	value, set := lookup(name)
	switch {
	case hasDefault && value == "":
		return fallback, nil
	case !set:
		return "", &expandError{"the environment variable " + name + " is not set", fmt.Sprintf("set it, or give a default: ${%s:-default}", name)}
	}
	return value, nil
}

// An expandError is a mistake in a ${…} with its remedy.
type expandError struct{ fault, hint string }
