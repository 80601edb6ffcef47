package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlants(t *testing.T) {
	out := must(t, "plants")
	for _, want := range []string{"pendulum\n", "van-der-pol", "rod-flexible", "theta [rad], omega [rad/s]", "g = 9.81 m/s^2", "discrete, step 0.01 s", "pendulum-links-2"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	var all []plantJSON
	if err := json.Unmarshal([]byte(must(t, "plants", "--json")), &all); err != nil || len(all) < 8 {
		t.Errorf("%d plants, %v", len(all), err)
	}
}

// What is printed is a file that the command reads, with its comments; other parameters are written out.
func TestPlantToStartFrom(t *testing.T) {
	text := must(t, "plants", "pendulum")
	if !strings.Contains(text, "# friction per inertia") {
		t.Errorf("comments are lost:\n%s", text)
	}
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	changed := must(t, "plants", path, "--param", "l=0.7,d=0", "--param", "g=1.62")
	for _, want := range []string{"l: 0.7 m\n", "d: 0 1/s\n", "g: 1.62 m/s^2\n"} {
		if !strings.Contains(changed, want) {
			t.Errorf("%q is missing in\n%s", want, changed)
		}
	}
	if !strings.Contains(must(t, "plants", "pendulum-links-3"), "omega3") {
		t.Error("three links have no omega3")
	}
}

func TestPlantsErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"plants", "pendulm"}, "did you mean pendulum"},
		{[]string{"plants", "pendulum", "--param", "m=1"}, "there are g, l, d"},
		{[]string{"plants", "pendulum", "--param", "l"}, "write NAME=NUMBER"},
		{[]string{"plants", "pendulum", "--param", "l=1,l=2"}, "gives l twice"},
		{[]string{"plants", "--param", "l=1"}, "needs the NAME"},
		{[]string{"plants", "none.yaml"}, "no such file"},
	} {
		_, errs, code := plumb(t, c.args...)
		if code != exitFailed || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, %q, want %q", c.args, code, errs, c.says)
		}
	}
}
