package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/nn/seq"
)

// recertify runs plumb certify --json on a model and decodes what it prints.
func recertify(t *testing.T, want int, args ...string) recertified {
	t.Helper()
	out, errs, code := plumb(t, append([]string{"certify", "--json"}, args...)...)
	if code != want {
		t.Fatalf("certify %v: exit %d, want %d\n%s%s", args, code, want, out, errs)
	}
	var r recertified
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

// weightsOf fills a cell's weights by name; others are zero.
func weightsOf(t *testing.T, c seq.Cell, values map[string][]float64) deploy.Member {
	t.Helper()
	w := make([]float64, c.Layout().Len())
	found := 0
	for _, x := range c.Layout() {
		if v, ok := values[x.Name]; ok {
			found++
			if len(v) != x.Len() {
				t.Fatalf("%s has %d numbers, want %d", x.Name, len(v), x.Len())
			}
			copy(x.Of(w), v)
		}
	}
	if found != len(values) {
		t.Fatalf("%d of %d names", found, len(values))
	}
	n := c.States()
	return deploy.Member{Cell: c, W: w, EncW: make([]float64, 2*n), EncB: make([]float64, n)}
}

// freeBundle writes a model of these members with one input in [-1, 3] and one output that claims nothing.
func freeBundle(t *testing.T, members ...deploy.Member) (string, *bundle.Model) {
	t.Helper()
	m := deploy.Model{Scaling: deploy.Scaling{UMid: []float64{1}, UHalf: []float64{2}, YMean: []float64{0.5}, YStd: []float64{4}, Delay: []int{1}, Integrate: []bool{false},
		Low: []float64{math.Inf(-1)}, High: []float64{math.Inf(1)}}, Lags: 1, Members: members}
	b := &bundle.Model{Manifest: m.Manifest(), Tensors: m.Tensors(), Card: "# Model\n\nfree.\n\nNothing is claimed about its stability.\n"}
	f := &b.Manifest
	f.Window, f.SamplingTime = 1, 0.5
	f.Inputs, f.Outputs = []cert.Signal{{Name: "valve", Unit: "V"}}, []cert.Signal{{Name: "level", Unit: "m"}}
	f.Provenance = cert.Provenance{DataSHA256: strings.Repeat("0a", 32), Seed: 7, Version: "0.0.9"}
	path := filepath.Join(t.TempDir(), "free.plumb")
	if err := bundle.WriteFile(path, b); err != nil {
		t.Fatal(err)
	}
	return path, b
}

// contracting is a Lur'e network that forgets in a metric which is not the identity, stretch the scale of its second state.
func contracting(t *testing.T, stretch float64) deploy.Member {
	t.Helper()
	return weightsOf(t, seq.Lure{In: 1, Out: 1, N: 2, Q: 2}, map[string][]float64{
		"A": {0.6, 0.5 * stretch, -0.2 / stretch, 0.7}, "B1": {0.1, -0.05, 0.1 / stretch, 0.1 / stretch}, "B2": {0.3, 0.2 / stretch}, "C1": {0.4, 0.1 * stretch, -0.3, 0.2 * stretch},
		"D12": {1, -1}, "bv": {0.1, 0.2}, "bx": {0.05, 0}, "Cx": {1, 0.5 * stretch}, "Cw": {0.1, -0.2}, "D22": {0.1}, "by": {0.3}})
}

// bistable is x+ = x/2 + 1.2 tanh(x) + u/100, which rests on either side of zero.
func bistable(t *testing.T) deploy.Member {
	t.Helper()
	return weightsOf(t, seq.Lure{In: 1, Out: 1, N: 1, Q: 1}, map[string][]float64{"A": {0.5}, "B1": {1.2}, "C1": {1}, "B2": {0.01}, "Cx": {1}})
}

func outcomes(r *recertified) (out []string) {
	for _, x := range r.Rungs {
		out = append(out, x.Claim+": "+x.Outcome)
	}
	return out
}

// TestCertifyModelProved: a free network that contracts is proved with the same weights, and no pair of trajectories and no input
// of a simulation exceeds what was printed.
func TestCertifyModelProved(t *testing.T) {
	for _, stretch := range []float64{1, 50, 1e-3} {
		in, b := freeBundle(t, contracting(t, stretch))
		out := filepath.Join(t.TempDir(), "proved.plumb")
		r := recertify(t, exitOK, in, "--out", out)
		if r.Verdict != verdictProved || r.Claim != ident.Contraction || r.Change != changeNew || r.Stored.Verdict != verdictNone || len(r.Contra) != 0 {
			t.Fatalf("stretch %g: %+v", stretch, r)
		}
		if want := []string{"contraction: proved", "bounded: not tried"}; !reflect.DeepEqual(outcomes(&r), want) {
			t.Errorf("rungs %v, want %v", outcomes(&r), want)
		}
		must(t, "check", out)
		got, err := bundle.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		old, err := bundle.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Tensors, old.Tensors) || !reflect.DeepEqual(got.Manifest, old.Manifest) {
			t.Error("more than the certificate changed")
		}
		if strings.Contains(got.Card, "Nothing is claimed") || !strings.Contains(got.Card, "Claim: contraction") || !strings.HasPrefix(got.Card, "# Model\n\nfree.\n") {
			t.Errorf("card %q", got.Card)
		}
		overCertificate(t, b, got, r)
	}
}

// overCertificate compares simulated trajectories with the claim of a contracting Lur'e model.
func overCertificate(t *testing.T, b, proved *bundle.Model, r recertified) {
	t.Helper()
	const steps, room = 60, 1 + 1e-9
	c := contractingCell(t, b)
	m := proved.Certificate.Members[0].M
	size := func(x [2]float64) float64 {
		return math.Sqrt(m[0]*x[0]*x[0] + 2*m[1]*x[0]*x[1] + m[3]*x[1]*x[1])
	}
	random := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		x := seq.NewMat(2, 2)
		for i := range 2 {
			for l := range 2 {
				x.Row(i)[l] = random.NormFloat64()
			}
		}
		before := size([2]float64{x.Row(0)[0] - x.Row(0)[1], x.Row(1)[0] - x.Row(1)[1]})
		for range steps {
			u := seq.NewMat(1, 2)
			v := 3 * random.NormFloat64()
			u.Row(0)[0], u.Row(0)[1] = v, v
			_, x = c.Run(x, u)
			after := size([2]float64{x.Row(0)[0] - x.Row(0)[1], x.Row(1)[0] - x.Row(1)[1]})
			if after > before*float64(r.Rate)*room+1e-12 {
				t.Fatalf("a distance rose from %g to %g, the proved rate is %g", before, after, r.Rate)
			}
			before = after
		}
		u := seq.NewMat(1, 2*steps)
		var du, dy float64
		for k := range steps {
			u.Row(0)[2*k] = 2 * random.NormFloat64()
			u.Row(0)[2*k+1] = u.Row(0)[2*k] + random.NormFloat64()
			d := u.Row(0)[2*k+1] - u.Row(0)[2*k]
			du += 4 * d * d // half a range of 2 physical units
		}
		y, _ := c.Run(seq.NewMat(2, 2), u)
		for k := range steps {
			d := 4 * (y.Row(0)[2*k] - y.Row(0)[2*k+1])
			dy += d * d
		}
		if gain := math.Sqrt(dy / du); gain > float64(r.Gain)*room || float64(r.Gain) > 1e3*gain {
			t.Fatalf("simulated gain %g, proved %g", gain, r.Gain)
		}
	}
}

func contractingCell(t *testing.T, b *bundle.Model) deploy.Member {
	t.Helper()
	c := seq.Lure{In: 1, Out: 1, N: 2, Q: 2}
	w := make([]float64, c.Layout().Len())
	for _, x := range c.Layout() {
		for _, y := range b.Tensors {
			if y.Name == "m0."+x.Name {
				copy(x.Of(w), y.Data)
			}
		}
	}
	return deploy.Member{Cell: c, W: w}
}

// TestCertifyModelStepsDown: a network with two coexisting responses does not contract; certify shows them, as an estimate, and proves
// boundedness.
func TestCertifyModelStepsDown(t *testing.T) {
	in, _ := freeBundle(t, bistable(t))
	out := filepath.Join(t.TempDir(), "b.plumb")
	r := recertify(t, exitOK, in, "--out", out)
	if want := []string{"contraction: not proved", "bounded: proved"}; !reflect.DeepEqual(outcomes(&r), want) {
		t.Errorf("rungs %v, want %v", outcomes(&r), want)
	}
	if r.Verdict != verdictProved || r.Claim != ident.Bounded || len(r.Contra) != 1 || r.Contra[0].Decided != "estimated" || !strings.Contains(r.Contra[0].Statement, "two coexisting responses") {
		t.Fatalf("%+v", r)
	}
	if !strings.Contains(r.Rungs[0].Why, "1.7") { // |1/2| + |1.2|
		t.Errorf("why: %s", r.Rungs[0].Why)
	}
	const rest = 2.36 // x/2 = 1.2 tanh(x)
	if low, high := r.Reach[0][0], r.Reach[0][1]; !(low < 0.5-4*rest && high > 0.5+4*rest && high < 0.5+8*rest) {
		t.Errorf("the ball is [%g, %g]", low, high)
	}
	must(t, "check", out)
	text := must(t, "certify", in, "--out", out)
	for _, want := range []string{"no proof of the contrary", "counterexample: the constant input", "in the long run level lies in", "claims nothing yet"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestCertifyModelNothing: an unstable linear part leaves no claim, and no file.
func TestCertifyModelNothing(t *testing.T) {
	in, _ := freeBundle(t, weightsOf(t, seq.Lure{In: 1, Out: 1, N: 1, Q: 1}, map[string][]float64{"A": {1.02}, "B1": {0.1}, "C1": {1}, "B2": {0.01}, "Cx": {1}}))
	out := filepath.Join(t.TempDir(), "no.plumb")
	r := recertify(t, exitFailed, in, "--out", out)
	if r.Verdict != verdictNone || r.Bundle != "" || exists(out) || !strings.Contains(r.Rungs[0].Why, "1.02") || r.Rungs[1].Outcome != rungFailed {
		t.Errorf("%+v", r)
	}
}

// TestCertifyModelSum: of a parallel sum every member must pass, and the slowest gives the rate.
func TestCertifyModelSum(t *testing.T) {
	slow := weightsOf(t, seq.Lure{In: 1, Out: 1, N: 1, Q: 1}, map[string][]float64{"A": {0.97}, "B1": {0.01}, "C1": {1}, "B2": {0.1}, "Cx": {1}})
	linear := weightsOf(t, seq.Linear{In: 1, Out: 1, N: 1}, map[string][]float64{"A": {0.9}, "B2": {1}, "Cx": {1}})
	in, _ := freeBundle(t, contracting(t, 1), slow, linear)
	r := recertify(t, exitOK, in, "--out", filepath.Join(t.TempDir(), "s.plumb"))
	if r.Claim != ident.Contraction || !(r.Rate >= 0.98 && r.Rate < 0.985) || math.IsNaN(float64(r.Gain)) { // |0.97| + |0.01|
		t.Errorf("%+v", r)
	}
	in, _ = freeBundle(t, contracting(t, 1), bistable(t))
	r = recertify(t, exitOK, in, "--out", filepath.Join(t.TempDir(), "s.plumb"))
	if r.Claim != ident.Bounded || len(r.Contra) != 1 || !strings.Contains(r.Contra[0].Statement, "member 1") || strings.Contains(r.Rungs[0].Why, "member 0") {
		t.Errorf("%+v", r)
	}
}

// TestCertifyModelGated: a gated member has no contraction claim and is proved input-to-state stable.
func TestCertifyModelGated(t *testing.T) {
	in, _ := freeBundle(t, weightsOf(t, seq.Gated{In: 1, Out: 1, N: 2, Q: 1, Gate: 1}, map[string][]float64{
		"A": {0.6, 5, -0.02, 0.7}, "B1": {0.1, 0.01}, "B2": {0.3, 0.02}, "C1": {0.4, 1}, "D12": {1}, "Cx": {1, 5}, "Cw": {0.1}, "D22": {0.1}, "G1": {1, 1}, "G2": {2}}))
	out := filepath.Join(t.TempDir(), "g.plumb")
	r := recertify(t, exitOK, in, "--out", out)
	if want := []string{"contraction: not available", "iss: proved", "bounded: not tried"}; r.Claim != ident.ISS || !reflect.DeepEqual(outcomes(&r), want) || !(r.Gain > 0) {
		t.Errorf("%+v", r)
	}
	if again := recertify(t, exitOK, out, "--out", out+"2"); again.Stored.Claim != ident.ISS || again.Rate > r.Rate || again.Gain > r.Gain {
		t.Errorf("%+v after %+v", again, r)
	}
}

// TestCertifyModelDeep: a small LSTM whose boxes are not invariant is proved with others, and says what that changes; a large one is not.
func TestCertifyModelDeep(t *testing.T) {
	net := func(size float64) (string, *bundle.Model) {
		c := seq.LSTM{Deep: seq.Deep{In: 1, Out: 1, Units: []int{3}}}
		r := rand.New(rand.NewPCG(1, 2))
		values := map[string][]float64{}
		for _, x := range c.Layout() {
			v := make([]float64, x.Len())
			for i := range v {
				if v[i] = size * r.NormFloat64(); strings.HasSuffix(x.Name, "box") {
					v[i] = 0.01
				}
			}
			values[x.Name] = v
		}
		m := weightsOf(t, c, values)
		for i := range m.EncB {
			m.EncB[i] = 0.5
		}
		return freeBundle(t, m)
	}
	in, _ := net(0.2)
	out := filepath.Join(t.TempDir(), "l.plumb")
	r := recertify(t, exitOK, in, "--out", out)
	if r.Claim != ident.DeltaISS || r.Boxes == nil || r.Recovery == nil || len(r.Gains) != 1 || len(r.Reach) != 1 || !(r.Boxes.Start[0] > 0) || r.Boxes.Fades == nil {
		t.Fatalf("%+v", r)
	}
	must(t, "check", out)
	old, err := bundle.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := bundle.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range got.Tensors {
		if same := reflect.DeepEqual(x, old.Tensors[i]); same == strings.HasSuffix(x.Name, "box") {
			t.Errorf("%s: same %v", x.Name, same)
		}
	}
	if again := recertify(t, exitOK, out, "--out", out+"2"); again.Change != changeNone || again.Boxes != nil || again.Rate != r.Rate {
		t.Errorf("%+v", again)
	}
	in, _ = net(3)
	if r = recertify(t, exitFailed, in, "--out", out+"3"); r.Verdict != verdictNone || !strings.Contains(r.Rungs[0].Why, "layer 0") {
		t.Errorf("%+v", r)
	}
}

// TestCertifyModelTightens: a file that has the claim says so and is only improved; a second run finds nothing better, and what is written does
// not depend on the run.
func TestCertifyModelTightens(t *testing.T) {
	in, b := freeBundle(t, contracting(t, 1))
	out := filepath.Join(t.TempDir(), "p.plumb")
	first := recertify(t, exitOK, in, "--out", out)
	again := recertify(t, exitOK, out, "--out", out+"2")
	if again.Stored.Verdict != verdictProved || again.Stored.Claim != ident.Contraction || again.Rate != first.Rate || again.Change != changeNone {
		t.Errorf("%+v", again)
	}
	if one, two := read(t, out), read(t, out+"2"); !bytes.Equal(one, two) {
		t.Error("the certificate that stays was written differently")
	}
	recertify(t, exitOK, in, "--out", out+"3")
	if one, two := read(t, out), read(t, out+"3"); !bytes.Equal(one, two) {
		t.Error("two runs gave different files")
	}
	if text := must(t, "certify", out, "--out", out+"2"); !strings.Contains(text, "a claim already: contraction, proved") || !strings.Contains(text, "nothing better") {
		t.Error(text)
	}

	got, err := bundle.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	w := &got.Certificate.Members[0]
	w.Rate, w.Gain.Gamma2 = big.NewRat(9999, 10000), new(big.Rat).Mul(w.Gain.Gamma2, big.NewRat(100, 1))
	if err := bundle.WriteFile(out, got); err != nil {
		t.Fatal(err)
	}
	r := recertify(t, exitOK, out, "--out", out+"4")
	if r.Stored.Rate != 0.9999 || r.Change != changeBetter || r.Rate > first.Rate+1e-6 || r.Gain > first.Gain*1.001 {
		t.Errorf("rate %g, gain %g, change %q from %+v; want %g and %g", r.Rate, r.Gain, r.Change, r.Stored, first.Rate, first.Gain)
	}

	got.Certificate.Claim = ident.ISS // which the same witness proves of a Lur'e member
	if err := bundle.WriteFile(out, got); err != nil {
		t.Fatal(err)
	}
	r = recertify(t, exitOK, out, "--out", out+"6")
	if want := []string{"contraction: proved", "iss: not tried", "bounded: not tried"}; r.Stored.Claim != ident.ISS || r.Claim != ident.Contraction || !reflect.DeepEqual(outcomes(&r), want) {
		t.Errorf("%v from %+v", outcomes(&r), r.Stored)
	}

	// The best metric of contraction proves this bounded claim too; the stronger claim is written.
	b.Certificate = &cert.Certificate{Claim: ident.Bounded, Members: []cert.Witness{{Rate: big.NewRat(99, 100), M: w.M, T: []float64{1e3, 1e3, 1e3, 1e3}, Kappa2: []*big.Rat{big.NewRat(1000, 1)}}}}
	weaker := filepath.Join(t.TempDir(), "w.plumb")
	if err := bundle.WriteFile(weaker, b); err != nil {
		t.Fatal(err)
	}
	if r = recertify(t, exitOK, weaker, "--out", out+"5"); r.Stored.Claim != ident.Bounded || r.Stored.Verdict != verdictProved || r.Claim != ident.Contraction || r.Change != changeNew {
		t.Errorf("%+v", r)
	}
}

// TestCertifyModelTampered: the checker refuses the certificate with other weights, and certify does not take it over.
func TestCertifyModelTampered(t *testing.T) {
	in, _ := freeBundle(t, contracting(t, 1))
	out := filepath.Join(t.TempDir(), "p.plumb")
	recertify(t, exitOK, in, "--out", out)
	got, err := bundle.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Tensors {
		if got.Tensors[i].Name == "m0.B1" {
			for k := range got.Tensors[i].Data {
				got.Tensors[i].Data[k] *= 100
			}
		}
	}
	if err := bundle.WriteFile(out, got); err != nil {
		t.Fatal(err)
	}
	if text, _, code := plumb(t, "check", out); code != exitFailed || !strings.Contains(text, verdictRefused) {
		t.Errorf("exit %d: %s", code, text)
	}
	r := recertify(t, exitOK, out, "--out", out+"2") // the other network is bounded still
	if r.Stored.Verdict != verdictRefused || r.Stored.Failed == "" || r.Claim != ident.Bounded || r.Change != changeNew || r.Rungs[0].Outcome != rungFailed {
		t.Errorf("%+v", r)
	}
	data := read(t, in)
	data[len(data)/2] ^= 1
	if err := os.WriteFile(out, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := plumb(t, "certify", out); code != exitMalformed || !strings.Contains(errs, "malformed") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestCertifyModelErrors: exit 1, and the error says what to change.
func TestCertifyModelErrors(t *testing.T) {
	in, _ := freeBundle(t, contracting(t, 1))
	dir := t.TempDir()
	expectRefused(t, dir, "certify ", []refused{
		{"missing.plumb", []string{"missing.plumb", "no such file"}},
		{in + " --budget 1s --no-repair", []string{"--budget", "--no-repair", "leave out"}},
		{in + " --input-range 0,1", []string{"--input-range", "leave out"}},
		{in + " --split 0.5/0.2/0.3", []string{"--split", "--data"}},
		{in + " --data missing.csv", []string{"missing.csv"}},
		{in + " --data demo:two-tanks", []string{"valve"}},
		{in + " --out " + filepath.Join(dir, "no", "m.plumb"), []string{"no such file"}},
	})
}

// TestCertifySystem: systems are referred to the commands that prove claims of them.
func TestCertifySystem(t *testing.T) {
	dir := t.TempDir()
	must(t, "margin", "tf: num=[2] den=[1 3 2 0]", "1", "--certify", "--out", dir)
	files, err := filepath.Glob(filepath.Join(dir, "*.plumb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no system in %s: %v", dir, err)
	}
	if _, errs, code := plumb(t, "certify", files[0]); code != exitFailed || !strings.Contains(errs, "a system, not an identified model") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestCertifyIdentified: a network fitted without a guarantee is proved and compared with the data it was fitted to.
func TestCertifyIdentified(t *testing.T) {
	thorough(t)
	csv, dir := hammerstein(t, "log.csv", 300, nil), filepath.Join(t.TempDir(), "run")
	must(t, "identify", csv, "--guarantee", "none", "--steps", "60", "--restarts", "1", "--hidden", "4", "--quiet", "--out", dir)
	out := filepath.Join(t.TempDir(), "c.plumb")
	r := recertify(t, exitOK, filepath.Join(dir, "log.plumb"), "--data", csv, "--out", out)
	if r.Claim != ident.Contraction || len(r.Data) != 1 || !(r.Data[0].Tests[0].FIT[0] > 80) {
		t.Errorf("%+v", r)
	}
	must(t, "simulate", out, csv, "--csv", filepath.Join(t.TempDir(), "s.csv"))
}
