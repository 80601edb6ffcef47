// Package lti holds linear time-invariant systems in continuous and discrete time: descriptions and their conversions,
// connections, responses, matrix equations, the classical designs, norms and margins.
//
//	descriptions   SS, TF, ZPK; package sysfile reads them from files and text
//	connections    Series, Parallel, Feedback, LFT, Append, Connect (by name)
//	sampling       C2D, D2C
//	structure      Poles, Zeros, Damp, DCGain, Gram, Rank, MinReal, BalReal, BalRed, StabSep
//	equations      Lyap, DLyap, Sylvester, DSylvester, CARE, DARE
//	designs        LQR, DLQR, LQI, Kalman, LQE, LQG, Regulator, Place
//	responses      FreqResp, Step, Impulse, Initial, LSim, StepInfo
//
// # Conventions
//
// Ts is the sample time in seconds; 0 means continuous. Frequencies are in rad/s. Feedback is negative unless the
// caller asks for the other sign. Coefficients of polynomials stand in descending powers. Names, and the order and sign of
// what functions return, are those of MATLAB in Go spelling; results with several parts are structs with named fields.
// No function writes to an operand. A system put together by hand should pass SS.Check; functions that return an error
// check it again, FreqResp and At rely on it.
//
// Every answer is a floating-point answer ("bounded numerically" at best): solvers of equations return a bound on their
// residual beside the solution, and nothing here is a proof. Certificates are made from these answers elsewhere and
// decided by package cert in exact arithmetic.
//
// References: Golub and Van Loan (2013), Matrix computations; Zhou, Doyle, Glover (1996), Robust and optimal control; and
// those named at each function.
package lti
