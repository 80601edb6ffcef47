package main

import "slices"

// benchCase is one measurement: setup builds the data and returns the step to be timed. A function of the same name
// in CASES of a torch_*.py file does the same work with PyTorch.
type benchCase struct {
	name  string
	setup func() func()
}

// cases lists everything in the order of the table.
func cases() []benchCase {
	return slices.Concat(stepCases(), lstmCases(), kernelCases())
}
