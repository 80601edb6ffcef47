package ident

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/deploy"
	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/train"
)

// job is one fit of one candidate from one random start.
type job struct {
	name string // class/number, the key of its random stream and of its state in a checkpoint
	cand candidate
	net  model.Network
	fit  *train.Fit
}

// material is the scaled data that all jobs share.
type material struct {
	scale       deploy.Scaling
	fit, check  []train.Sequence // training and validation stretches
	held        bool             // check is held out of fit
	out         train.OutputMap
	lags        int
	low, high   []float64 // range of the scaled outputs over the training stretches
	plant       plant
	seed        uint64
	weightDecay float64
}

// measure notes the range of the scaled outputs.
func (m *material) measure() {
	m.low, m.high = make([]float64, m.plant.outputs), make([]float64, m.plant.outputs)
	for i := range m.low {
		m.low[i], m.high[i] = math.Inf(1), math.Inf(-1)
		for _, s := range m.fit {
			for _, v := range s.Y.Row(i) {
				m.low[i], m.high[i] = min(m.low[i], v), max(m.high[i], v)
			}
		}
	}
}

// Window lengths in samples. Longer windows show slow modes, shorter ones give more of them.
const (
	shortWindow = 400 // records without a full-batch polish
	longWindow  = 250 // Adam on long records
	fixedWindow = 400 // the fixed batch of L-BFGS
	checkWindow = 1000
	driftWindow = 1000 // the same where outputs are running sums, whose error grows with time
	driftFixed  = 8000
)

// Batch sizes in windows.
const (
	shortBatch = 16
	longBatch  = 24
	fixedLimit = 240
)

// Training of Bonassi et al. 2023, whose figures for these are not published; they are those of an example of the first
// author: windows, the part of them that is not scored, windows per step, learning rate of RMSProp, and validations
// without improvement before the fit stops.
const (
	paperWindow   = 300
	paperWashout  = 25
	paperBatch    = 32
	paperRate     = 1e-3
	paperPatience = 60 // of 50 steps each
)

// decay of the parameters on short records, where it replaces early stopping as the guard against overfitting.
const shortDecay = 1e-5

// polish reports whether the fits end with L-BFGS on a fixed batch: where the record is long, or where held-out data
// stop it before it fits the noise.
func (m *material) polish() bool { return m.held || m.plant.long() }

func newJob(c candidate, number int, m *material, plan train.Plan) (*job, error) {
	net, err := c.make()
	if err != nil {
		return nil, err
	}
	one := parallel.New(1)
	steps, fixedSteps, checkSteps := longWindow, fixedWindow, checkWindow
	plan.Batch = longBatch
	switch {
	case m.plant.integrates:
		steps, fixedSteps, checkSteps, plan.Batch = driftWindow, driftFixed, math.MaxInt, shortBatch
	case !m.plant.long():
		steps, plan.Batch = shortWindow, shortBatch
	}
	longest, least := 0, 1<<62
	for _, s := range m.fit {
		longest, least = max(longest, s.Len()), min(least, s.Len())
	}
	steps = min(steps, (longest-m.lags)*4/5)
	if steps < 10 {
		return nil, fmt.Errorf("ident: the longest training stretch has %d samples; at least %d are needed", longest, m.lags+13)
	}
	washout := 0
	if c.way.paper {
		steps, plan.Batch, washout = min(paperWindow, steps), paperBatch, min(paperWashout, steps/2)
	}
	random := train.NewWindows(net, m.fit, m.out, m.lags, steps, one)
	random.WeightDecay, random.Washout, random.RandomStart = m.weightDecay, washout, c.way.paper
	longestCheck := 0
	for _, s := range m.check {
		longestCheck = max(longestCheck, s.Len())
	}
	validation := train.NewWindows(net, m.check, m.out, m.lags, min(checkSteps, longestCheck-m.lags), one)
	validation.Washout = washout
	if err := validation.Cover(0); err != nil {
		return nil, err
	}
	var fixed *train.Windows
	if m.polish() && !c.way.plain {
		fixed = train.NewWindows(net, m.fit, m.out, m.lags, min(fixedSteps, longest-m.lags), one)
		if err := fixed.Cover(fixedLimit); err != nil {
			return nil, err
		}
	}
	plan.Rate, plan.Every, plan.KeepLast = 5e-3, 50, !m.held
	if c.way.paper {
		plan.RMSProp, plan.Rate, plan.Patience, plan.KeepLast = true, paperRate, paperPatience, false
	}
	name := fmt.Sprintf("%s/%d", c.name, number)
	src := rng.Source(m.seed, name)
	theta := make([]float64, random.Dim())
	r := rand.New(src)
	if err := m.plant.begin(net, r, theta); err != nil {
		return nil, err
	}
	random.InitEncoder(r, theta)
	return &job{name, c, net, train.NewFit(plan, random, fixed, validation, theta, src)}, nil
}

// member deploys the job's best iterate.
func (j *job) member(m *material) deploy.Member {
	best := j.fit.State.Best
	w := make([]float64, j.net.Layout().Len())
	j.net.Deploy(best, w)
	enc := best[j.net.Dim():]
	n := j.net.States()
	k := n * m.lags * (m.plant.inputs + m.plant.outputs)
	return deploy.Member{
		Cell: j.net, Kind: j.net.Kind(), W: w,
		EncW: append([]float64(nil), enc[:k]...), EncB: append([]float64(nil), enc[k:]...),
	}
}
