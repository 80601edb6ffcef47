package cert_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumb-go/plumb/cert"
)

// The mutation test edits true certificates and compares the checker's verdict with the independent oracle: no false
// claim may be proved, illegal files must be malformed, and true claims off the boundary must be proved.

const (
	// Edits per base certificate; a quarter of all lie within nearMargin of the boundary.
	nearPerBase, meaningPerBase, filePerBase = 28, 38, 34
	nearPerKnob                              = 7
	basesFull, basesUsual, basesShort        = 104, 24, 12
	// provedShare is the share of true claims off the boundary that must be proved.
	provedShare = 0.99
)

// effort is how many cases a campaign has with PLUMB_LONG=1, usually, and under -short.
func effort(full, usual, short int) int {
	switch {
	case os.Getenv("PLUMB_LONG") != "":
		return full
	case testing.Short():
		return short
	}
	return usual
}

type verdict int

const (
	proved verdict = iota
	refusedBy
	malformedBy
	panicked
)

func (v verdict) String() string { return [...]string{"proved", "refused", "malformed", "panic"}[v] }

// ask runs the checker on a file.
func ask(file []byte) (v verdict, why string) {
	defer func() {
		if r := recover(); r != nil {
			v, why = panicked, fmt.Sprint(r)
		}
	}()
	b, err := cert.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return malformedBy, err.Error()
	}
	c := cert.Check(b)
	if c.Proved {
		return proved, ""
	}
	return refusedBy, fmt.Sprint(c.Failed, ": ", c.By)
}

// outcome is one edit and what became of it.
type outcome struct {
	kind, base string
	file       []byte
	form       bool // an edit of the form, judged by want; else an edit of the meaning, judged by truth
	want       expectation
	grey       bool
	truth      judgement
	v          verdict
	why        string
	took       time.Duration
}

func (o *outcome) near() bool { return !o.form && math.Abs(o.truth.margin) <= nearMargin }

// complaint says what is wrong with the verdict; empty when nothing is. Refusals of true claims are counted elsewhere.
func (o *outcome) complaint() string {
	switch {
	case o.v == panicked:
		return "the checker panicked"
	case o.form && o.want == malformed && o.v == proved:
		return "an illegal file was proved"
	case o.form && o.want == malformed && o.v != malformedBy:
		return "an illegal file was not called malformed"
	case o.form && o.want == refused && o.v == proved:
		return "a file that must not be proved was proved"
	case !o.form && !o.truth.true && o.v == proved:
		return "a false claim was proved"
	}
	return ""
}

func (o *outcome) String() string {
	if o.form {
		return fmt.Sprintf("%s on %s: %s (%s)", o.kind, o.base, o.v, o.why)
	}
	return fmt.Sprintf("%s on %s: %s (%s); the oracle says %t, margin %.3g at %s", o.kind, o.base, o.v, o.why, o.truth.true, o.truth.margin, o.truth.name)
}

func (o *outcome) ask() {
	start := time.Now()
	o.v, o.why = ask(o.file)
	o.took = time.Since(start)
	if o.complaint() == "" {
		o.file = nil
	}
}

// campaign is what one mutation test edits and how.
type campaign struct {
	families []string
	seed     uint64
	edits    []meaningEdit
	knob     func(g *rand.Rand, s *spec, first bool) knob
}

// mutate makes all edits of base certificate number i.
func (c campaign) mutate(i int) []*outcome {
	families := c.families
	family := families[i%len(families)]
	g := rand.New(rand.NewPCG(mutationSeed, c.seed+uint64(i)))
	d := newDraw(g, i/len(families)%4 == 3)
	s, sib := newSpec(g, family, d), newSpec(g, family, d)
	label := fmt.Sprintf("base %d (%s, n=%d q=%d)", i, family, d.n, d.q)
	var out []*outcome
	meaning := func(kind string, e *spec, grey bool) {
		j := judge(e, false)
		out = append(out, &outcome{kind: kind, base: label, file: e.render().pack(), grey: grey || j.grey, truth: j})
	}
	near := 0
	for try := range 40 {
		k := c.knob(g, s, try == 0)
		found := boundary(s, k)
		g.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
		for _, e := range found[:min(nearPerKnob, len(found))] {
			if j := judge(e, false); math.Abs(j.margin) <= nearMargin && near < nearPerBase {
				out = append(out, &outcome{kind: "near: " + k.name, base: label, file: e.render().pack(), truth: j})
				near++
			}
		}
		if near == nearPerBase {
			break
		}
	}
	for n := 0; n < meaningPerBase; {
		m := c.edits[g.IntN(len(c.edits))]
		if n == 0 {
			m = c.edits[0]
		}
		e := &editor{g, s.clone(), sib}
		if m.apply(e) {
			meaning("meaning: "+m.name, e.s, m.grey)
			n++
		}
	}
	forms := slices.Concat(jsonEdits, jsonEdits, hashEdits, hashEdits, hashEdits, tensorEdits, archiveEdits)
	for n := 0; n < filePerBase; {
		f := forms[g.IntN(len(forms))]
		dr := s.render()
		if f.apply(g, dr) {
			out = append(out, &outcome{kind: f.name, base: label, form: true, want: f.want, file: dr.pack()})
			n++
		}
	}
	for _, o := range out {
		o.ask()
	}
	return out
}

// TestMutation makes all 10,400 edits with PLUMB_LONG=1, a third of them otherwise.
func TestMutation(t *testing.T) {
	t.Parallel()
	run(t, campaign{families, 0, meaningEdits, newKnob}, effort(basesFull, basesUsual, basesShort))
}

func run(t *testing.T, c campaign, bases int) {
	results := make([][]*outcome, bases)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(2, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				results[i] = c.mutate(i)
			}
		})
	}
	for i := range bases {
		next <- i
	}
	close(next)
	wg.Wait()
	all := slices.Concat(results...)
	report(t, all)
	judgeAll(t, all, bases)
}

// judgeAll fails the test for wrong verdicts and for too few near edits.
func judgeAll(t *testing.T, all []*outcome, bases int) {
	var trueOff, provedOff, near, nearTrue, complaints int
	for _, o := range all {
		if c := o.complaint(); c != "" {
			if complaints++; complaints <= 20 {
				t.Errorf("%s: %s%s", c, o, keep(t, complaints, o.file))
			}
		}
		if o.near() {
			near++
			if o.truth.true {
				nearTrue++
			}
		}
		if !o.form && !o.grey && o.truth.true && !o.near() {
			trueOff++
			if o.v == proved {
				provedOff++
			} else if trueOff-provedOff <= 20 {
				t.Logf("not proved though true: %s", o)
			}
		}
	}
	if complaints > 0 {
		t.Errorf("%d wrong verdicts", complaints)
	}
	if float64(provedOff) < provedShare*float64(trueOff) {
		t.Errorf("%d of %d true claims off the boundary proved, want at least %g", provedOff, trueOff, provedShare)
	}
	if 4*near < len(all) {
		t.Errorf("%d of %d edits within %g of the boundary, want a quarter", near, len(all), nearMargin)
	}
	if side := min(nearTrue, near-nearTrue); 3*side < near {
		t.Errorf("near edits: %d true of %d, want both sides", nearTrue, near)
	}
	if want := 97 * bases; len(all) < want { // a base may offer fewer near edits than asked for
		t.Errorf("%d edits, want %d", len(all), want)
	}
}

// keep writes the file of a wrong verdict where it can be looked at.
func keep(t *testing.T, n int, file []byte) string {
	path := filepath.Join(t.ArtifactDir(), fmt.Sprintf("wrong-%d.plumb", n))
	if err := os.WriteFile(path, file, 0o644); err != nil {
		return ""
	}
	return "\n\tkept as " + path
}

// report logs a table with one row a kind of edit.
func report(t *testing.T, all []*outcome) {
	type row struct{ edits, tp, tr, tm, fp, fr, fm int }
	rows := map[string]*row{}
	var slow time.Duration
	for _, o := range all {
		slow = max(slow, o.took)
		for _, k := range []string{o.kind, cmp.Or(map[bool]string{true: "  form"}[o.form], "  meaning"), "  total"} {
			r := rows[k]
			if r == nil {
				r = &row{}
				rows[k] = r
			}
			r.edits++
			keepTrue := o.form && o.want == silent || !o.form && o.truth.true
			switch {
			case keepTrue && o.v == proved:
				r.tp++
			case keepTrue && o.v == refusedBy:
				r.tr++
			case keepTrue:
				r.tm++
			case o.v == proved:
				r.fp++
			case o.v == refusedBy:
				r.fr++
			default:
				r.fm++
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-42s %7s | %7s %7s %9s | %7s %7s %9s\n", "", "", "true:", "", "", "not to be proved:", "", "")
	fmt.Fprintf(&b, "%-42s %7s | %7s %7s %9s | %7s %7s %9s\n", "edit", "edits", "proved", "refused", "malformed", "PROVED", "refused", "malformed")
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		r := rows[k]
		fmt.Fprintf(&b, "%-42s %7d | %7d %7d %9d | %7d %7d %9d\n", k, r.edits, r.tp, r.tr, r.tm, r.fp, r.fr, r.fm)
	}
	t.Logf("verdicts by kind of edit; slowest check %v\n%s", slow.Round(time.Millisecond), b.String())
}

// TestExactBoundary holds certificates exactly on the boundary and one unit in the last place off it.
func TestExactBoundary(t *testing.T) {
	for _, c := range exactBoundary() {
		j := judge(c.s, false)
		if j.true != c.truth {
			t.Errorf("%s: the oracle says %t, want %t (margin %g at %s)", c.name, j.true, c.truth, j.margin, j.name)
		}
		want := refusedBy
		if c.truth {
			want = proved
		}
		if v, why := ask(c.s.render().pack()); v != want {
			t.Errorf("%s: %s (%s), want %s", c.name, v, why, want)
		}
	}
}

// TestBombs opens archives that expand to 64 MB.
func TestBombs(t *testing.T) {
	g := rand.New(rand.NewPCG(mutationSeed, 1<<32))
	for range 4 {
		d := newSpec(g, "linear", newDraw(g, false)).render()
		bomb.apply(g, d)
		if v, why := ask(d.pack()); v != malformedBy {
			t.Errorf("%s: %s (%s), want malformed", bomb.name, v, why)
		}
	}
}
