// Package dataset holds measured records of dynamical systems: named signals with units, one sampling time, one or
// several experiments, and the parts of them that train, validate and test a model.
//
// Values are in physical units everywhere; scaling lives in the model. A missing value is NaN and is never filled.
package dataset

// Signal names one measured quantity.
type Signal struct {
	Name string `json:"name"`
	Unit string `json:"unit"` // "" when unknown
}

// Experiment is one uninterrupted recording: one slice per signal of the record, all of equal length.
type Experiment struct {
	Name string
	Data [][]float64

	// Jitter is the largest deviation of a time step from the sampling time, relative, where the file had a time column,
	// and JitterAt the sample after that step.
	Jitter   float64
	JitterAt int
}

// Len is the number of samples.
func (e *Experiment) Len() int {
	if len(e.Data) == 0 {
		return 0
	}
	return len(e.Data[0])
}

// Record is a measured record.
type Record struct {
	Name        string
	Ts          float64 // sampling time in seconds; 0 when unknown
	Signals     []Signal
	Experiments []Experiment
}

// Part is a stretch [From, To) of one experiment. Its first Window samples may initialise the state from measured
// outputs and are not scored.
type Part struct {
	Name       string // "" or the name the user knows the part by, such as "multisine"
	Experiment int
	From, To   int
	Window     int
}

// Scored is the number of samples after the window.
func (p Part) Scored() int { return p.To - p.From - p.Window }

// Set is a record ready for identification.
type Set struct {
	Record                  *Record
	Inputs                  []int // columns of Record.Signals
	Outputs                 []int
	Train, Validation, Test []Part
	Notes                   []string // what a reader of results on this set must know, e.g. that published rows used another window
}
