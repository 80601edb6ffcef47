package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
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
	timed bool // bounded by time, not by steps
	bars  *mpb.Progress
	bar   *mpb.Bar
	last  time.Time
	words atomic.Pointer[[2]string] // left and right of the bar; read by the goroutine that draws
	best  map[string]float64
}

const plainEvery = 5 * time.Second

func newProgress(w io.Writer, quiet, timed bool) *progress {
	p := &progress{w: w, quiet: quiet, timed: timed, best: map[string]float64{}}
	p.words.Store(&[2]string{})
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		p.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(200*time.Millisecond))
		p.bar = p.bars.AddBar(1000,
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.words.Load()[0] + " " })),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.words.Load()[1] })),
			mpb.BarRemoveOnComplete())
	}
	return p
}

// update is ident's callback; ident makes one call at a time.
func (p *progress) update(e ident.Progress) {
	if p.quiet {
		return
	}
	stage, text := p.describe(e)
	if p.bar != nil {
		done := e.Elapsed.Seconds() / max(e.Budget.Seconds(), 1)
		if p.timed {
			text += fmt.Sprintf("  %s left", max(e.Budget-e.Elapsed, 0).Round(time.Second))
		} else {
			done = float64(e.Step) / float64(max(e.Total, 1))
		}
		p.words.Store(&[2]string{stage, text})
		p.bar.SetCurrent(int64(1000 * min(done, 0.999)))
		return
	}
	if time.Since(p.last) < plainEvery && e.Fit != "" {
		return
	}
	p.last = time.Now()
	line := fmt.Sprintf("%6.1fs  %-16s %s", e.Elapsed.Seconds(), stage, text)
	fmt.Fprintln(p.w, strings.TrimRight(line, " "))
}

// describe says what is going on: the stage and, of a fit, the step and the errors.
func (p *progress) describe(e ident.Progress) (stage, text string) {
	if e.Fit == "" {
		return e.Stage, ""
	}
	if b, ok := p.best[e.Fit]; !ok || e.Validation < b {
		p.best[e.Fit] = e.Validation
	}
	text = fmt.Sprintf("step %d", e.Step)
	if e.Total > 0 {
		text += fmt.Sprintf(" of %d", e.Total)
	}
	text += fmt.Sprintf("  loss %.4f  validation %.4f (best %.4f) std", e.Loss, e.Validation, p.best[e.Fit])
	return e.Fit + " " + e.Stage, text
}

// done removes the bar.
func (p *progress) done() {
	if p.bar != nil {
		p.bar.SetCurrent(1000)
		p.bars.Wait()
	}
}
