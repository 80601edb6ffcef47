package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/lti/sysfile"
	"github.com/plumb-go/plumb/plant/systems"
	"github.com/plumb-go/plumb/system"
)

// systemForms says how a linear system may be given.
const systemForms = `  FILE.json, .yaml   A, B, C, D as lists of rows, Ts in seconds (0 or left out for continuous time), and names:
                     inputs, outputs, states; D left out is zero
  FILE.mat, .npz     arrays of these names, or a structure that holds them; FILE.mat:NAME for one of several
  plant:NAME         a plant of plumb plants, or FILE.yaml, a description like those: linearised at its equilibrium
  "tf: num=[2] den=[1 3 2 0]"        a transfer function, descending powers; ts=0.05 for discrete time
  "zpk: z=[] p=[-1 -2] k=3", "ss: a=[..] b=[..] c=[..]"
  2.5 or "[-2]" or "[1 -2; 0 1]"     a static gain; brackets keep a minus sign from being read as a flag`

// readSystem reads a linear system in one of the forms.
func readSystem(arg string) (*lti.SS, error) {
	text := strings.TrimSpace(arg)
	if sysfile.IsText(text) {
		return sysfile.Parse(text)
	}
	if isDescription(text) {
		s, err := systems.Open(text)
		if err != nil {
			return nil, err
		}
		return linearised(s)
	}
	if !strings.Contains(filepath.Base(text), ".") {
		return nil, fmt.Errorf("%q is none of the forms of a linear system:\n%s", arg, systemForms)
	}
	return sysfile.Open(text)
}

// matrixKey is a line of a YAML file that gives a system by matrices, coefficients or poles; a description has no such key
// at its top level.
var matrixKey = regexp.MustCompile(`(?mi)^(\{\s*)?["']?(a|b|c|d|num|den|z|p|k|zeros|poles|gain)["']?\s*:`)

// isDescription reports whether arg names a plant or a file of named states and expressions.
func isDescription(arg string) bool {
	if strings.HasPrefix(arg, "plant:") {
		return true
	}
	if ext := strings.ToLower(filepath.Ext(arg)); ext != ".yaml" && ext != ".yml" {
		return false
	}
	text, err := os.ReadFile(arg)
	return err != nil || !matrixKey.Match(text) // a file that cannot be read is reported by its reader
}

// atRest is how large a derivative may be at a point that is called an equilibrium: rounding of its decimals.
const atRest = 1e-9

// linearised linearises at the equilibrium of the description, or at 0.
func linearised(s *system.System) (*lti.SS, error) {
	x, u, _ := s.Equilibrium()
	if res, err := s.Residual(x, u); err != nil {
		return nil, err
	} else {
		for i, v := range res {
			if !(v <= atRest && v >= -atRest) {
				return nil, fmt.Errorf("%s is not at rest at %v: state %s moves by %g; name an equilibrium in the file", s.Name(), x, s.States()[i].Name, v)
			}
		}
	}
	return s.Linearise(x, u)
}
