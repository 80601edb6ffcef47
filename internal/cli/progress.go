package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/plumb-go/plumb/ident"
)

// progress shows what a run is doing: a bar on a terminal, a plain line every few seconds elsewhere.
type progress struct {
	w     io.Writer
	quiet bool
	bars  *mpb.Progress
	bar   *mpb.Bar
	last  time.Time
	stage string
	text  string
	best  map[string]float64
}

const plainEvery = 5 * time.Second

func newProgress(w io.Writer, quiet bool) *progress {
	p := &progress{w: w, quiet: quiet, best: map[string]float64{}}
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		p.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(200*time.Millisecond))
		p.bar = p.bars.AddBar(1000,
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.stage + " " })),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.text })),
			mpb.BarRemoveOnComplete())
	}
	return p
}

// update is ident's callback; ident makes one call at a time.
func (p *progress) update(e ident.Progress) {
	if p.quiet {
		return
	}
	stage := e.Stage
	if e.Fit != "" {
		stage = e.Fit + " " + e.Stage
		if b, ok := p.best[e.Fit]; !ok || e.Validation < b {
			p.best[e.Fit] = e.Validation
		}
	}
	text := ""
	if e.Fit != "" {
		text = fmt.Sprintf("step %d", e.Step)
		if e.Total > 0 {
			text += fmt.Sprintf(" of %d", e.Total)
		}
		text += fmt.Sprintf("  loss %.4f  validation %.4f (best %.4f) std", e.Loss, e.Validation, p.best[e.Fit])
	}
	left := max(e.Budget-e.Elapsed, 0).Round(time.Second)
	if p.bar != nil {
		p.stage, p.text = stage, text+fmt.Sprintf("  %s left", left)
		p.bar.SetCurrent(int64(1000 * min(e.Elapsed.Seconds()/max(e.Budget.Seconds(), 1), 0.999)))
		return
	}
	if time.Since(p.last) < plainEvery && e.Fit != "" {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "%6.1fs  %-16s %s\n", e.Elapsed.Seconds(), stage, text)
}

// done removes the bar.
func (p *progress) done() {
	if p.bar != nil {
		p.bar.SetCurrent(1000)
		p.bars.Wait()
	}
}
