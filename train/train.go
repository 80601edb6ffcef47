// Package train fits the free parameters of a model class to measured sequences: the free-simulation objective over
// windows, Adam, L-BFGS, and the staged fit of one model with early stopping and checkpoints.
//
// Training sees only an Objective. All randomness comes from the generator passed in, all reductions run in index
// order, so a fit of a given number of steps gives the same bytes for any number of workers.
package train

// Objective is all that an optimiser sees of a model.
type Objective interface {
	Dim() int
	ValueGrad(theta, grad []float64) float64 // overwrites grad
}
