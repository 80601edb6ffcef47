// Package lti holds linear time-invariant systems in continuous and discrete time: descriptions and their conversions,
// connections, responses, matrix equations and the classical designs.
//
// # Conventions
//
// Ts is the sample time in seconds; 0 means continuous. Frequencies are in rad/s. Feedback is negative unless the
// caller asks for the other sign. Coefficients of polynomials stand in descending powers. Names, and the order and sign of
// what functions return, are those of MATLAB in Go spelling; results with several parts are structs with named fields.
//
// Every answer is a floating-point answer ("bounded numerically" at best): solvers of equations return a bound on their
// residual beside the solution, and nothing here is a proof. Certificates are made from these answers elsewhere and
// decided by package cert in exact arithmetic.
package lti
