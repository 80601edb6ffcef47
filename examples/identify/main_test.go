package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/plant"
)

// tanks writes a record of two simulated tanks as a user's CSV file.
func tanks(t *testing.T, samples int) string {
	t.Helper()
	rec, err := plant.NewTwoTanks().Record(1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("t [s],pump [V],level [V]\n")
	for k, u := range rec.Experiments[0].Data[0][:samples] {
		fmt.Fprintf(&b, "%g,%g,%g\n", float64(k)*rec.Ts, u, rec.Experiments[0].Data[1][k])
	}
	file := filepath.Join(t.TempDir(), "tanks.csv")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model.plumb")
	var b bytes.Buffer
	o := ident.Options{Seed: 1, Steps: 60, Restarts: 1, States: 3, Hidden: 4, Workers: 2}
	if err := run(&b, tanks(t, 1000), "pump", "level", out, o); err != nil {
		t.Fatal(err)
	}
	t.Log(b.String())
	if !bytes.Contains(b.Bytes(), []byte("proved: ")) {
		t.Error("no proof was printed")
	}
	fit := regexp.MustCompile(`(?m)^model, .*RMSE [0-9.]+ V, FIT (-?[0-9.]+) %$`).FindSubmatch(b.Bytes())
	if fit == nil {
		t.Fatal("no score of the model was printed")
	}
	if v, err := strconv.ParseFloat(string(fit[1]), 64); err != nil || v <= 0 {
		t.Errorf("FIT %s %%: no better than the mean", fit[1])
	}
}

func TestRunRefuses(t *testing.T) {
	var b bytes.Buffer
	if err := run(&b, tanks(t, 1000), "pump", "flow", filepath.Join(t.TempDir(), "m"), ident.Options{Steps: 1}); err == nil {
		t.Error("an output that is not in the file was accepted")
	}
}
