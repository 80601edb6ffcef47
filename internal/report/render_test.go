package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// render draws the report and requires well-formed XML: the page is written so that both kinds of reader accept it.
func render(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := Render(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "report.html"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.String())
	return b.String()
}

func wellFormed(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

// text strips the elements and joins what a reader sees.
func text(page string) string {
	page = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	page = strings.NewReplacer("&#39;", "'", "&amp;", "&", "&#34;", `"`, "&lt;", "<").Replace(page)
	return strings.Join(strings.Fields(page), " ")
}

func mustContain(t *testing.T, page string, wants ...string) {
	t.Helper()
	s := text(page)
	for _, w := range wants {
		if !strings.Contains(s, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
}

func TestSections(t *testing.T) {
	s := render(t, sample())
	for _, id := range []string{"lead", "comparison", "claim", "tests", "residuals", "training", "data", "reproduce"} {
		if !strings.Contains(s, `<section id="`+id+`">`) {
			t.Errorf("no section %s", id)
		}
	}
	mustContain(t, s,
		"✓ contraction proved", "simulation error (RMSE) 0.0712 V", "5.79 × smaller", "1.42 × noise", "1.03 × the error", // headline
		"Test input pump leaves the declared range", "level [V]", "time [s]", "input pump [V]", "error (measured − simulated) [V]",
		"contracting Lur'e network this model, 412 parameters contraction proved 0.0712 FIT 96.1 %",
		"linear baseline, 29 parameters contraction proved 0.412 FIT 77.4 %",
		"gated network 390 parameters input-to-state stability bounded numerically 0.0841",
		"no guarantee: the price of the certificate, 412 parameters none 0.0688",
		"sensor noise standard deviation; no model can be expected to do better 0.0500",
		"1,024 scored samples, free simulation. The 50 samples before them initialised the state",
		"prediction, 10 steps ahead (40 s) 0.0602 0.141", "simulation (free run, no measured output) 0.0712 0.412",
		"rate per step 0.985321 proved", "time constant 270 s", "≤ 4.313 V/V proved ≥ 1.987 V/V",
		"≤ 1,180 samples (78.7 min) proved 143 samples (572 s)", "The proved time is longer than the record (1,024 samples (68.3 min))",
		realNumbers, "no counterexample found in 64 searches", "bound c·rateᵏ (proved)",
		"autocorrelation of the residual. 50 of 50 lags outside", "residual against input pump", "lag [samples]",
		"Adam", "L-BFGS", "member 1", "iterate kept", "optimiser step", "declared range", "1.000 to 6.500",
		"plumb identify demo:two-tanks --seed 1", "plumb-check runs/two-tanks/two-tanks.plumb", "3b7e0c9a", "Published rows used")
	if strings.Contains(text(s), "Counterexample") {
		t.Error("a counterexample section without a counterexample")
	}
}

func TestStepDown(t *testing.T) {
	s := render(t, steppedDown(80000))
	mustContain(t, s, "✗ boundedness refused by the checker", "pivot 3 is −1.2e-9", "boundedness (refused)",
		"Counterexample to contraction", "from one initial state", "How decided: estimated", "two responses to one tone of 0.12 V at 68 Hz",
		"RMSE [mV]", "0.510", "FIT −3.2 %", "all outputs", "300 samples are missing in the measurement; lines break there",
		"residual against input trim: the input is constant", "every 40th of 80,000 samples", "not within the simulated stretch",
		"ball of position", "0.001 ± 0.7124 V", "0.999999991")
	if strings.Contains(strings.ReplaceAll(text(s), "proved (the independent exact checker accepted)", ""), "boundedness proved") {
		t.Error("a refused claim is called proved")
	}
	const most = 1200 << 10 // two parts of two outputs: eight pictures of 40 kB and the rows behind them
	if len(s) > most {
		t.Errorf("%d bytes, want at most %d", len(s), most)
	}
}

// TestRecurrent: a delta-iss claim is printed with its region, recovery time, gains, ranges and the attack on its bound.
func TestRecurrent(t *testing.T) {
	r := recurrent()
	s := render(t, r)
	mustContain(t, s, "✓ incremental input-to-state stability proved", "recovery time ≤ 4.12 s", "≤ 412 samples (4.12 s) proved", "incremental gain of p_mc ≤ 88.13 bar/mm proved",
		"reachable range of p_cal [−18.00, 122.3] bar proved", "reachable range of p_mc [−20.13, 140.5] bar", "worst ratio over the bound ≤ 1 proved ≥ 0.412",
		"estimated by attack: 10,000 random pairs of trajectories and 20 gradient searches over 200 samples; the worst at output p_cal at sample 17",
		"incremental input-to-state stability (proved): on the declared range", "residual of the stability condition", "zero: provable below", "RMSProp")
	if strings.Contains(text(s), "VIOLATED") {
		t.Error("a ratio below 1 is called a violation")
	}
	mustContain(t, s, "no state left its box (it reached 0.930 of it)")
	r.Claim.Attack.Ratio = 1.02
	mustContain(t, render(t, r), "VIOLATED", "≥ 1.02")
	r.Claim.Attack.Ratio, r.Claim.Attack.Box = 0.4, 1.5
	mustContain(t, render(t, r), "VIOLATED", "a state reached 1.50 times its box")
	if strings.Contains(text(render(t, sample())), "residual of the stability condition") {
		t.Error("a panel of residuals without residuals")
	}
}

// TestVerdictWords: only the checker's verdict makes the headline say "proved".
func TestVerdictWords(t *testing.T) {
	for _, claim := range []string{ClaimContraction, ClaimDeltaISS, ClaimISS, ClaimBounded, ClaimNone, ""} {
		for _, verdict := range []string{Proved, Refused, Malformed, NotClaimed, ""} {
			for _, decided := range []string{Estimated, Numerical, Verified, Proved, Undecided} {
				c := Claim{Claim: claim, Verdict: verdict, Decided: decided}
				title := claimTitle(&c)
				saysProved := strings.HasSuffix(title, " proved") && !strings.HasSuffix(title, "not proved") && !strings.HasSuffix(title, "nothing proved")
				if want := verdict == Proved && claim != ClaimNone && claim != ""; saysProved != want {
					t.Errorf("claim %q, verdict %q, decided %q: %q", claim, verdict, decided, title)
				}
				if word := verdictWord(&c); word == Proved && verdict != Proved {
					t.Errorf("claim %q, verdict %q, decided %q: the rung says %q", claim, verdict, decided, word)
				}
			}
		}
	}
}

func TestDeterministic(t *testing.T) {
	first, second := render(t, steppedDown(3000)), render(t, steppedDown(3000))
	if first != second {
		t.Error("the same report gave different bytes")
	}
}

func TestSelfContained(t *testing.T) {
	s := strings.ReplaceAll(render(t, sample()), `xmlns="http://www.w3.org/2000/svg"`, "")
	if m := regexp.MustCompile(`(?i)https?:|//[a-z]|url\(|@import|<script|<link|<iframe|\ssrc=|\son[a-z]+=`).FindString(s); m != "" {
		t.Errorf("the page needs something from outside or runs something: %q", m)
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(s, -1) {
		if !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "data:text/csv;charset=utf-8,") {
			t.Errorf("link to %.60s", m[1])
		}
	}
}

// TestHostileTexts puts markup into every string of a report.
func TestHostileTexts(t *testing.T) {
	const evil = `"'></text></svg></style><script>alert(1)</script><img src=x onerror=alert(1)>` + "\x00\xff`=javascript:alert(1)"
	r := sample()
	r.Counterexample = steppedDown(3000).Counterexample
	poison(reflect.ValueOf(r).Elem(), evil)
	r.Rows[0].Role, r.Claim.Verdict = RoleChosen, Refused // words that choose what is shown
	s := render(t, r)
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		token, err := d.Token()
		if err != nil {
			break // render has read it to the end
		}
		e, ok := token.(xml.StartElement)
		if ok && (e.Name.Local == "script" || e.Name.Local == "img") {
			t.Errorf("a text became the element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" && strings.Contains(a.Value, "javascript:") {
				t.Errorf("a text became the attribute %s", a.Name.Local)
			}
		}
	}
	if !strings.Contains(s, "alert(1)") {
		t.Error("the texts are not shown at all: the test sees nothing")
	}
	svg, err := Picture(r, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
	if strings.Contains(svg, "<script") {
		t.Error("a text became an element of the picture")
	}
}

func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			poison(v.Field(i), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), s)
		}
	}
}

func TestEmpty(t *testing.T) {
	s := render(t, &Report{})
	mustContain(t, s, "no stability claim", "not known", "There is no test part", "nothing to compare", "There is no residual to analyse",
		"No training curve was recorded", "sampling time unknown", "unnamed data")
	if strings.Contains(text(s), "NaN") {
		t.Error("the page says NaN")
	}
}

// TestPoorData: one sample, no sample, nothing but missing or diverged samples give words, not nonsense.
func TestPoorData(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	many := make(Series, 100)
	for i := range many {
		many[i] = nan
	}
	for name, c := range map[string]struct {
		measured, simulated Series
		says                string
	}{
		"none":     {Series{}, Series{}, "no samples, nothing to show"},
		"one":      {Series{1}, Series{2}, "1 residual, too few for a correlation"},
		"missing":  {many, make(Series, 100), "100 samples are missing in the measurement"},
		"diverged": {Series{1, 2, 3}, Series{1, inf, nan}, "the simulation is not finite at 2 samples"},
		"constant": {make(Series, 100), make(Series, 100), "the residual is constant, its correlation is not defined"},
	} {
		r := &Report{Outputs: []Signal{{Name: "y"}}, Parts: []Part{{Name: "p", Outputs: []Trace{{Name: "y", Measured: c.measured, Simulated: c.simulated}}}},
			Rows:       []Row{{Name: "m", Role: RoleChosen, Scores: []Score{{Part: "p", RMSE: Series{nan}, FIT: Series{nan}}}}, {Name: "l", Role: RoleLinear}},
			Forgetting: &Forgetting{Difference: Series{0, 0}}, Training: []Curve{{Points: []Point{{"Adam", 1, Number(nan), Number(inf), nil}}, Best: 7}, {}},
			Counterexample: &Counterexample{}}
		s := render(t, r)
		mustContain(t, s, c.says)
		if m := regexp.MustCompile(`NaN|Inf`).FindString(text(s)); m != "" {
			t.Errorf("%s: the page says %s", name, m)
		}
	}
}

func TestMismatchNamesBothLengths(t *testing.T) {
	for _, c := range []struct {
		spoil func(*Report)
		says  []string
	}{
		{func(r *Report) { r.Parts[0].Outputs[0].Simulated = make(Series, 7) }, []string{`part "test"`, "1024 measured", "7 simulated"}},
		{func(r *Report) { r.Parts[0].Inputs[0].Values = make(Series, 3) }, []string{"1024 samples", `"pump" has 3`}},
		{func(r *Report) { r.Forgetting.Bound = make(Series, 2) }, []string{"600 differences", "2 bounds"}},
		{func(r *Report) { r.Rows[0].Scores[0].RMSE = make(Series, 2) }, []string{"2 RMSE", "1 outputs"}},
		{func(r *Report) { r.Parts[0].Prediction[0].RMSE = make(Series, 4) }, []string{"4 and 1 figures", "1 outputs"}},
		{func(r *Report) { r.Counterexample = &Counterexample{A: make(Series, 2)} }, []string{"2 and 0 samples"}},
		{func(r *Report) { r.Outputs = nil }, []string{"1 RMSE", "0 outputs"}},
	} {
		r := sample()
		if c.spoil(r); r.Outputs == nil {
			r.Parts = nil
		}
		var b strings.Builder
		err := Render(&b, r)
		if err == nil {
			t.Errorf("%v: accepted", c.says)
			continue
		}
		if b.Len() > 0 {
			t.Errorf("%v: wrote %d bytes before refusing", c.says, b.Len())
		}
		for _, w := range c.says {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("error %q does not say %q", err, w)
			}
		}
	}
}

func TestPicture(t *testing.T) {
	svg, err := Picture(sample(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "picture.svg"), []byte(svg), 0o644); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
	mustContain(t, svg, "demo:two-tanks: contracting Lur'e network, contraction proved, RMSE 0.0712 V (linear 0.412 V)", "level [V]", "time [s]", "measured", "simulated")
	const most = 64 << 10 // bytes: a README loads it on each view
	if len(svg) > most {
		t.Errorf("%d bytes, want at most %d", len(svg), most)
	}
	for _, at := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		if _, err := Picture(sample(), at[0], at[1]); err == nil || !strings.Contains(err.Error(), "does not exist") {
			t.Errorf("part %d, output %d: %v", at[0], at[1], err)
		}
	}
}

func TestZoom(t *testing.T) {
	lively := make(Series, 4000)
	for i := 3000; i < 3200; i++ {
		lively[i] = math.Sin(float64(i))
	}
	tr := &Trace{Measured: lively}
	from, to := zoom(tr)
	if from > 3000 || to < 3200 || to-from > zoomMost {
		t.Errorf("zoom [%d, %d) misses the lively stretch [3000, 3200)", from, to)
	}
	tr.ZoomFrom, tr.ZoomTo = 10, 20
	if from, to = zoom(tr); from != 10 || to != 20 {
		t.Errorf("asked for [10, 20), got [%d, %d)", from, to)
	}
	tr.ZoomTo = 4001 // beyond the record
	if _, to = zoom(tr); to > 4000 {
		t.Errorf("zoom ends at %d of 4000", to)
	}
	if from, to = zoom(&Trace{Measured: make(Series, 200)}); from != 0 || to != 200 {
		t.Errorf("a short record is shown as [%d, %d)", from, to)
	}
}
