// Package ident identifies a dynamical system from a measured record: a model with the strongest stability claim that
// is true of it, proved, with a linear model beside it.
//
// The way of the data: scaling from the estimation parts; a linear fit whose poles start the networks; candidate
// networks of the wanted rung of the ladder (contraction > input-to-state stability > boundedness) fitted by package
// train; choice on validation data; deployment into a bundle with a certificate that package cert judges; evaluation
// of the deployed model on the test parts in free simulation. Measured outputs of a test part after its window are
// read for the score and for nothing else.
package ident

import (
	"errors"
	"time"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/train"
)

// Guarantees that can be asked for.
const (
	Auto        = "auto"        // the highest rung that is true
	Contraction = "contraction" // any two responses to one input meet
	ISS         = "iss"         // bounded by the input, rest state exponentially stable
	Bounded     = "bounded"     // every trajectory ends in a known ball
	None        = "none"        // no claim: the price of the others
)

// Options of an identification. The zero value means the defaults.
type Options struct {
	Guarantee string    // "" means Auto
	Model     string    // "" or auto; r2dn or ssm restrict the contracting classes; lstm or gru ask for those
	Rate      float64   // prescribed contraction (or decay) rate per sample; 0 chooses
	Hidden    int       // width of the nonlinearity; 0 chooses
	Units     []int     // hidden units of each layer of lstm or gru; nil chooses
	Filter    int       // oscillating modes of a linear filter in front of lstm or gru; 0: none
	Layers    int       // sandwich layers of r2dn; 0 means one tanh layer
	States    int       // 0 chooses from the linear fit
	Integrate []string  // names of outputs that the model integrates
	Delay     []int     // input delays in samples; nil: from the linear fit
	Rest      []float64 // rest input of the ISS class, physical units; nil: zero where it lies in the range, else the middle
	Seed      uint64
	Restarts  int           // fits per class; 0 chooses
	Budget    time.Duration // training time; ignored when Steps > 0; 0 means 60 s
	Steps     int           // Adam steps per fit, with L-BFGS in proportion: reproducible on any machine
	Repeat    []Stage       // the recorded stages of an earlier run, to repeat it step by step
	Workers   int           // parallel workers; 0 means 1
	Version   string        // of the tool, written into the bundle

	Progress   func(Progress)    // called from fitting goroutines, one call at a time
	Checkpoint func(*Checkpoint) // called now and then with a whole state; the receiver must store it before it returns
	Resume     *Checkpoint       // continue from here
}

// Stage records what one fit did, so that it can be repeated.
type Stage struct {
	Fit         string           `json:"fit"` // name of the fit, such as "r2dn/1"
	Schedule    []train.Revision `json:"adam_schedule"`
	AdamSteps   int              `json:"adam_steps"`
	LBFGSSteps  int              `json:"lbfgs_steps"`
	PolishSteps int              `json:"polish_steps"` // L-BFGS steps after this fit was chosen
}

// Checkpoint is the state of an unfinished run.
type Checkpoint struct {
	Data  string                  `json:"data"` // hash of the data set
	Fits  map[string]*train.State `json:"fits"`
	Spent float64                 `json:"spent"` // seconds of training so far
}

// Progress tells what a fit is doing.
type Progress struct {
	Fit        string
	Stage      string // "linear", "adam", "lbfgs", "search", "certify", "evaluate"
	Step       int
	Total      int     // planned steps, 0 when bounded by time
	Loss       float64 // root mean square in units of the output's standard deviation
	Validation float64
	Elapsed    time.Duration
	Budget     time.Duration
}

// Errors that callers can act on.
var (
	ErrNoTraining = errors.New("ident: the data set has no training part")
	ErrNoModel    = errors.New("ident: no candidate could be fitted")
)

// window of the data that a fit needs at least.
const (
	defaultLags = 20
	minTrain    = 100
)

// size of the estimation data.
func samples(parts []dataset.Part) int {
	n := 0
	for _, p := range parts {
		n += p.To - p.From
	}
	return n
}
