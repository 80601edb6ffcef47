// Package dataset holds measured records of dynamical systems: named signals with units, one sampling time, one or
// several experiments, and the parts of them that train, validate and test a model.
//
// Values are in physical units everywhere; scaling lives in the model. A missing value is NaN and is never filled.
//
// Open reads a file, Select names inputs and outputs and splits the record, Diagnose looks for trouble.
//
//	rec, err := dataset.Open("tank.csv", dataset.Options{})
//	set, err := dataset.Select(rec, []string{"u"}, []string{"y"}, "0.6/0.15/0.25", 20)
//
// # Text files
//
// One row per sample, columns separated by commas, semicolons, tabs or spaces (detected). The first row holds names,
// quoted or not, with the unit in brackets if any, "p [bar]"; a second row without numbers holds units. A file without
// names gets c1, c2, ... Lines that begin with # are comments. A separator at the end of the rows is ignored. With
// another separator than the comma, numbers may have a decimal comma, all of them. A byte order mark and CRLF line ends
// are accepted. Numbers are exactly what strconv.ParseFloat says; an empty cell, NaN, NA, N/A or null is a missing
// value.
//
// Some columns are not signals:
//
//   - t, time, Time or timestamp: seconds, another unit of time if the column says so, or ISO 8601. The sampling time
//     is the mean step, put on a round number of seconds or hertz if it agrees with one within 1e-6. Every step must
//     agree with the median step within 1 % (Options.Jitter); time stamps in single precision or with nine digits stay
//     far below it.
//   - experiment: rows with the same value form one experiment; time starts anew in each.
//   - Ts or fs, if it says one number: the sampling time in seconds, or its inverse in hertz.
//
// Ragged rows, words among numbers, blank lines inside the data, lost and doubled samples, and files that are no tables
// (HTML pages, LFS pointers, archives) are errors that name the line, the column, what was expected and what to change.
//
// # Memory
//
// A text file is read once, without a copy of it, into one slice per signal; the number of rows is estimated from
// samples of the file first, so that nothing is moved: 8 bytes per value and about 1 MB. Binary files are read into
// memory whole.
//
// # Binary files
//
// MAT files of versions 5 to 7 (structs, cells, numeric arrays, compressed or not, either byte order), npy and npz. See
// Array for the names of nested variables. Vectors are signals under their name, the columns of a matrix name1, name2,
// ...; the elements of cells and struct arrays are experiments; Ts, fs, t and time have their meaning from above.
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
