// Package plant holds simulated plants: equations of motion with physical constants, a fixed-step integrator, and the
// records that they generate. The same seed gives the same numbers.
package plant
