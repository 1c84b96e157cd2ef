package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in a configuration.
type Problem struct {
	File   string // as given to Load, or a template that it names
	Line   int    // from 1; 0 when the mistake has no line, such as a missing file
	Column int    // from 1, in characters; 0 when only the line is known
	Path   string // such as sources[2].url; "" for the file as a whole
	Fault  string // what is wrong
	Hint   string // what to do about it; "" when the fault says it all
}

// String returns the problem as it is printed: FILE:LINE:COL: path: fault, and
// the hint on a line of its own.
func (p Problem) String() string {
	s := p.File + ": "
	switch {
	case p.Line > 0 && p.Column > 0:
		s = fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	case p.Line > 0:
		s = fmt.Sprintf("%s:%d: ", p.File, p.Line)
	}
	if p.Path != "" {
		s += p.Path + ": "
	}
	s += p.Fault
	if p.Hint != "" {
		s += "\n  hint: " + p.Hint
	}
	return s
}

// Problems are all the mistakes of a configuration, in the order of the file.
type Problems struct{ all []Problem }

// List returns every mistake, in the order of the file.
func (p *Problems) List() []Problem { return slices.Clone(p.all) }

// Error returns every mistake, each on a line of its own with its hint below.
func (p *Problems) Error() string {
	lines := make([]string, len(p.all))
	for i, problem := range p.all {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what is reported. A file with more mistakes than this is
// not a configuration with mistakes but some other file.
const maxProblems = 500

// newProblems sorts mistakes by file and place. It returns nil when there are none.
func newProblems(all []Problem) *Problems {
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(all) > maxProblems {
		rest := len(all) - maxProblems
		all = append(all[:maxProblems:maxProblems], Problem{
			File:  all[0].File,
			Fault: fmt.Sprintf("%d more mistakes are not shown", rest),
			Hint:  "mend the first ones and run check again",
		})
	}
	return &Problems{all: all}
}
