package cli

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Each demo has its own training time, which --budget overrides; other data take the common default.
func TestDemoBudgets(t *testing.T) {
	for data, want := range map[string]string{"demo:two-tanks": "15s", "demo:brake-by-wire": "90s", "pump.csv": "60s"} {
		f := identifyFlags{Budget: defaultBudget}
		given := pflag.NewFlagSet("", pflag.ContinueOnError)
		given.StringVar(&f.Budget, "budget", defaultBudget, "")
		if err := f.complete(given, []string{data}); err != nil || f.Budget != want {
			t.Errorf("%s: budget %s, error %v, want %s", data, f.Budget, err, want)
		}
		if err := given.Set("budget", "7s"); err != nil {
			t.Fatal(err)
		}
		if err := f.complete(given, []string{data}); err != nil || f.Budget != "7s" {
			t.Errorf("%s: budget %s, error %v, want 7s as given", data, f.Budget, err)
		}
	}
}

func TestBrakeDemoHasUnits(t *testing.T) {
	out := must(t, "data", "show", "demo:brake-by-wire")
	for _, want := range []string{"x ", "mm", "p_mc", "p_cal", "bar", "mprs-6", "window 50"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
}
