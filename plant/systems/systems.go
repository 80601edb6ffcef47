// Package systems ships plants as descriptions: pendulums, oscillators, the rod on a cart. Text gives a description as it
// is written, to start one's own from; Links makes a pendulum of any number of links.
package systems

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/system"
)

//go:embed *.yaml
var files embed.FS

// ErrUnknown says that no plant has the name.
var ErrUnknown = errors.New("systems: no such plant")

const (
	linksPrefix  = "pendulum-links-"
	shownLinks   = 2 // in Names
	extension    = ".yaml"
	sourcePrefix = "plant:"
)

// Names lists the plants in alphabetical order. Of the pendulums with several links the one with two stands for all up to
// pendulum-links-8.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil { // the folder is part of the program
		return nil
	}
	names := []string{linksPrefix + strconv.Itoa(shownLinks)}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), extension))
	}
	slices.Sort(names)
	return names
}

// Text is the description of a plant. ErrUnknown with a suggestion for a name that does not exist.
func Text(name string) (string, error) {
	if text, err := files.ReadFile(path.Join(".", name+extension)); err == nil {
		return string(text), nil
	}
	if n, ok := strings.CutPrefix(name, linksPrefix); ok {
		links, err := strconv.Atoi(n)
		if err != nil {
			return "", fmt.Errorf("%w: %s; the number of links comes last, as in %s3", ErrUnknown, name, linksPrefix)
		}
		s, err := Links(links)
		if err != nil {
			return "", err
		}
		return s.YAML()
	}
	if c := expr.Closest(name, Names()); c != "" {
		return "", fmt.Errorf("%w: %s; did you mean %s", ErrUnknown, name, c)
	}
	return "", fmt.Errorf("%w: %s; there are %s", ErrUnknown, name, strings.Join(Names(), ", "))
}

// Load returns a plant.
func Load(name string) (*system.System, error) {
	text, err := Text(name)
	if err != nil {
		return nil, err
	}
	s, err := system.Parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("systems: %s: %w", name, err)
	}
	return s, nil
}

// Open returns the plant that plant:NAME names, or reads the description in a file.
func Open(source string) (*system.System, error) {
	if name, ok := strings.CutPrefix(source, sourcePrefix); ok {
		return Load(name)
	}
	return system.Open(source)
}
