// Package sysfile reads linear systems: state-space matrices, transfer functions and zeros, poles and gain from JSON, YAML
// and MAT files and from one line of text.
//
// The forms:
//
//	"tf: num=[2] den=[1 3 2 0]"             descending powers; ts=0.05 for discrete time
//	"zpk: z=[] p=[-1 -2+3i -2-3i] k=2"      complex numbers with their conjugates
//	"ss: A=[0 1; -2 -3] B=[0; 1] C=[1 0]"   D left out is zero
//	"gain: [1 -2; 0 1]"                     a static gain, also without the word
//	FILE.json, FILE.yaml                    the same keys: A, B, C, D or num, den or z, p, k; and Ts, name, inputs,
//	                                        outputs, states (names, or name and unit)
//	FILE.mat (version 5 to 7), FILE.npz     arrays A, B, C, D, Ts or one struct with these fields; also num, den; or K alone
//	FILE.mat:NAME                           the struct of that name, or the matrix of that name as a static gain
//
// In files num and den may also hold rows of channels, each a list of coefficients: num: [[[1], [0]], [[2, 1], [1]]] with
// as many denominators or one for all. Keys are the same in upper and lower case; Ts is in seconds, 0 or absent for continuous time. A vector may be written
// as a flat list where its direction follows from the other matrices.
package sysfile
