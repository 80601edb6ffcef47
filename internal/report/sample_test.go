package report

import (
	"math"
	"math/rand/v2"
)

// tanks simulates two cascaded tanks whose upper one overflows, with a pump voltage held for some samples: data with the
// shape of a real record. k scales the outflows, so that another k is an imperfect model.
func tanks(u []float64, ts, k float64, overflow bool) []float64 {
	x1, x2 := 2.0, 2.0
	y := make([]float64, len(u))
	for i := range u {
		y[i] = x2
		for range 4 {
			q := 0.02 * k * math.Sqrt(max(x1, 0))
			x1 += ts / 4 * (0.012*u[i] - q)
			x2 += ts / 4 * (q - 0.02*k*math.Sqrt(max(x2, 0)))
			if x1 > 8 && overflow {
				x1 = 8
			}
		}
	}
	return y
}

// sample is a report with all sections filled from simulated data.
func sample() *Report {
	r := rand.New(rand.NewPCG(1, 2))
	const n, ts = 1024, 4.0
	u := make([]float64, n)
	for i := range u {
		if i%24 == 0 {
			u[i] = 1 + 5.5*r.Float64()
			continue
		}
		u[i] = u[i-1]
	}
	clean, model, linear := tanks(u, ts, 1, true), tanks(u, ts, 1.015, true), tanks(u, ts, 0.93, false)
	measured := make([]float64, n)
	for i := range measured {
		measured[i] = clean[i] + 0.05*r.NormFloat64()
	}
	rep := &Report{
		Name: "two-tanks", Data: "demo:two-tanks", Ts: ts,
		Inputs:  []Signal{{Name: "pump", Unit: "V", Low: 1, High: 6.5}},
		Outputs: []Signal{{Name: "level", Unit: "V", Noise: 0.05}},
		Model: Model{Name: "contracting Lur'e network", Details: []string{"2 members", "5 states and 12 hidden units each", "input delay 0"},
			Parameters: 412, Seconds: 17.3, Bundle: "two-tanks.plumb"},
		Claim: Claim{
			Claim: ClaimContraction, Verdict: Proved, Decided: Proved,
			Statement:   "For every input sequence and every pair of initial states the states of two simulations approach each other by at least the factor 0.985321 each step of 4 s, in the norm of the certificate.",
			Assumptions: []string{"Domain: all inputs and all states.", "Time model: discrete, one step is the sampling time of 4 s, input held."},
			Rate:        0.9853204, RatePerSecond: Number(math.Pow(0.9853204, 0.25)),
			Gain: 4.31234, GainWhat: "incremental ℓ2 gain from pump to level", GainUnit: "V/V", GainSimulated: 1.9876,
			ForgettingProved: 1180, ForgettingMeasured: 143, RecordSamples: n, CheckerSeconds: 0.012,
			Ladder: []Rung{{"contraction", "chosen", "no counterexample found in 64 searches over tones in the declared range"}},
		},
		Warnings: []string{"Test input pump leaves the declared range [1, 6.5] V at 3 of 1024 samples, by at most 0.2 V."},
		Notes:    []string{"Published rows used an initialisation window of 4 samples; here it is 50."},
		Reproduce: Reproduce{Command: "plumb identify demo:two-tanks --seed 1", Rerun: "plumb rerun runs/two-tanks/run.json", Check: "plumb-check runs/two-tanks/two-tanks.plumb",
			Seed: 1, Version: "0.1.0", Platform: "go1.26 linux/amd64, kernels avx2", DataSHA256: "3b7e0c9a", Steps: []string{"member 1: Adam 900, L-BFGS 300"}},
	}
	rep.Rows = []Row{
		{Name: "contracting Lur'e network", Role: RoleChosen, Claim: ClaimContraction, Decided: Proved, Parameters: 412, Scores: []Score{{Part: "test", RMSE: Series{0.0712}, FIT: Series{96.1}}}},
		{Name: "state-space model, 4 states", Role: RoleLinear, Claim: ClaimContraction, Decided: Proved, Parameters: 29, Scores: []Score{{Part: "test", RMSE: Series{0.412}, FIT: Series{77.4}}}},
		{Name: "stable state-space layers", Role: RoleClass, Claim: ClaimContraction, Decided: Proved, Parameters: 366, Scores: []Score{{Part: "test", RMSE: Series{0.0933}, FIT: Series{94.9}}}},
		{Name: "gated network", Role: RoleClass, Claim: ClaimISS, Decided: Numerical, Parameters: 390, Scores: []Score{{Part: "test", RMSE: Series{0.0841}, FIT: Series{95.4}}}},
		{Name: "Lur'e network, free", Role: RoleUnconstrained, Claim: ClaimNone, Parameters: 412, Scores: []Score{{Part: "test", RMSE: Series{0.0688}, FIT: Series{96.2}}}},
	}
	rep.Parts = []Part{{Name: "test", Window: 50, Time0: 200,
		Outputs:    []Trace{{Name: "level", Unit: "V", Measured: measured, Simulated: model, Linear: linear}},
		Inputs:     []Input{{Name: "pump", Unit: "V", Values: u}},
		Prediction: []Prediction{{Steps: 1, RMSE: Series{0.0534}, Linear: Series{0.0591}}, {Steps: 10, RMSE: Series{0.0602}, Linear: Series{0.141}}},
	}}
	for m := range 2 {
		c := Curve{Name: []string{"member 1", "member 2"}[m], Kept: true}
		for i := 1; i <= 30; i++ {
			v := 0.9*math.Exp(-float64(i)/8) + 0.08 + 0.01*r.NormFloat64()
			c.Points = append(c.Points, Point{"Adam", 30 * i, Number(v * v * 0.7), Number(v), nil})
		}
		for i := 1; i <= 12; i++ {
			v := 0.085 - 0.02*float64(m)*float64(i)/12 + 0.002*r.NormFloat64()
			c.Points = append(c.Points, Point{"L-BFGS", 25 * i, Number(v * v * 0.6), Number(v), nil})
		}
		c.Best = len(c.Points) - 3
		rep.Training = append(rep.Training, c)
	}
	f := &Forgetting{What: "state difference in the norm of the certificate", Decided: Proved, Note: "Initial states drawn from those that the test record visits."}
	for k := range 600 {
		f.Difference = append(f.Difference, 3*math.Pow(0.955, float64(k))*(1.2+math.Cos(0.2*float64(k))))
		f.Bound = append(f.Bound, 7*math.Pow(0.9853204, float64(k)))
	}
	rep.Forgetting = f
	return rep
}

// steppedDown is a report of several outputs and parts, one of them of long samples, whose contraction was refuted.
func steppedDown(long int) *Report {
	r := rand.New(rand.NewPCG(3, 4))
	rep := &Report{Name: "duffing", Data: "benchmark:silverbox", Ts: 1.0 / 610.35,
		Inputs:  []Signal{{Name: "force", Unit: "V", Low: -0.15, High: 0.15}, {Name: "trim", Unit: "V", Low: -1, High: 1}},
		Outputs: []Signal{{Name: "position", Unit: "V"}, {Name: "speed", Unit: "V/s"}},
		Model:   Model{Name: "network with Schur linear part", Parameters: 733},
		Claim: Claim{Claim: ClaimBounded, Verdict: Refused, Decided: Numerical, Failed: "member 0: r²M − AᵀMA is not positive definite: pivot 3 is −1.2e-9",
			Statement: "For inputs in the declared range the outputs end in the balls below.", Rate: 0.999999991, Balls: []Ball{{"position", "V", 0.001, 0.71234}, {"speed", "V/s", 0, 12.3456}},
			Ladder:           []Rung{{"contraction", "rejected", "two responses to one tone of 0.12 V at 68 Hz"}, {"iss", "rejected", "validation error 2.1 times that of the next rung"}, {"bounded", "chosen", "smallest validation error"}},
			ForgettingProved: 0, ForgettingMeasured: -1},
		Reproduce: Reproduce{Command: "plumb identify benchmark:silverbox --data DIR", Seed: 7},
	}
	rep.Rows = []Row{
		{Name: "Schur network", Role: RoleChosen, Claim: ClaimBounded, Decided: Numerical, Parameters: 733},
		{Name: "output-error model", Role: RoleLinear, Claim: ClaimContraction, Decided: Proved, Parameters: 21},
	}
	for i, n := range []int{4000, long} {
		name := []string{"multisine", "arrow"}[i]
		p := Part{Name: name, Window: 50, Time0: 50 * rep.Ts, Inputs: []Input{{Name: "force", Unit: "V"}, {Name: "trim", Unit: "V"}}}
		a, b := Trace{Name: "position", Unit: "V"}, Trace{Name: "speed", Unit: "V/s"}
		x, v := 0.0, 0.0
		for k := range n {
			u := 0.1 * r.NormFloat64() * (0.2 + float64(k)/float64(n))
			acc := u - 0.05*v - 0.2*x - 3*x*x*x
			v += 0.5 * acc
			x += 0.5 * v
			a.Measured, a.Simulated = append(a.Measured, x), append(a.Simulated, x+0.0004*r.NormFloat64()+0.02*x*x)
			b.Measured, b.Simulated = append(b.Measured, v), append(b.Simulated, v*1.002)
			p.Inputs[0].Values, p.Inputs[1].Values = append(p.Inputs[0].Values, u), append(p.Inputs[1].Values, 0.5)
		}
		for k := 2000; k < 2300; k++ {
			a.Measured[k] = math.NaN()
		}
		p.Outputs = []Trace{a, b}
		rep.Parts = append(rep.Parts, p)
		rep.Rows[0].Scores = append(rep.Rows[0].Scores, Score{Part: name, RMSE: Series{0.00051, 0.0009}, FIT: Series{98.9, 99.7}, Pooled: 0.0007})
		rep.Rows[1].Scores = append(rep.Rows[1].Scores, Score{Part: name, RMSE: Series{0.0069, 0.011}, FIT: Series{-3.2, 81.0}, Pooled: 0.009})
	}
	e := &Counterexample{Statement: "The identified gated model answers the tone 0.12 V at 68 Hz with two different periodic outputs, depending on the initial state; contraction is therefore false of it.",
		Decided: Estimated, Ts: rep.Ts, Input: Input{Name: "force", Unit: "V"}, Output: rep.Outputs[0]}
	for k := range 120 {
		t := 2 * math.Pi * 68 * float64(k) * e.Ts
		e.Input.Values, e.A, e.B = append(e.Input.Values, 0.12*math.Sin(t)), append(e.A, 0.05*math.Sin(t-0.3)), append(e.B, 0.17*math.Sin(t-2.4)+0.02*math.Sin(3*t))
	}
	rep.Counterexample = e
	rep.Training = []Curve{{Name: "restart 1", Points: []Point{{"Adam", 100, 0.5, 0.6, nil}, {"Adam", 200, 0.2, 0.4, nil}, {"L-BFGS", 25, 0.1, 0.3, nil}, {"L-BFGS", 50, 0.05, 0.25, nil}}, Best: 3, Kept: true}}
	return rep
}

// recurrent is a report of a deep LSTM of two outputs with a proved delta-iss claim, attacked, with residuals of training.
func recurrent() *Report {
	r := rand.New(rand.NewPCG(5, 6))
	const n, ts = 3000, 0.01
	rep := &Report{Name: "brake", Data: "demo:brake", Ts: ts,
		Inputs:  []Signal{{Name: "x_m", Unit: "mm", Low: 0, High: 12}},
		Outputs: []Signal{{Name: "p_mc", Unit: "bar", Noise: 0.4}, {Name: "p_cal", Unit: "bar", Noise: 0.4}},
		Model:   Model{Name: "deep LSTM, componentwise", Parameters: 1394, Seconds: 92},
		Claim: Claim{Claim: ClaimDeltaISS, Verdict: Proved, Decided: Proved, Statement: "While x_m lies in [0, 12] mm, any two responses approach each other.",
			Rate: 0.9812341, Recovery: 412, ForgettingProved: 370, ForgettingMeasured: 61, ForgettingDecided: Numerical, RecordSamples: n,
			Bounds: []OutputBound{{"p_mc", "bar", 88.1234, "bar/mm", -20.123, 140.5}, {"p_cal", "bar", 70.5, "bar/mm", -18, 122.25}},
			Attack: &Attack{Ratio: 0.41287, Where: "output p_cal at sample 17", Pairs: 10000, Searches: 20, Samples: 200, Box: 0.93}},
		Rows: []Row{{Name: "deep LSTM, componentwise", Role: RoleChosen, Claim: ClaimDeltaISS, Decided: Proved, Parameters: 1394,
			Scores: []Score{{Part: "test", RMSE: Series{0.9, 1.1}, FIT: Series{94.1, 93.2}, Pooled: 1.0}}}},
	}
	p := Part{Name: "test", Window: 50, Inputs: []Input{{Name: "x_m", Unit: "mm"}}}
	a, b := Trace{Name: "p_mc", Unit: "bar"}, Trace{Name: "p_cal", Unit: "bar"}
	y := 0.0
	for k := range n {
		u := 6 + 5*math.Sin(2*math.Pi*float64(k)/400)
		y += 0.1 * (0.4*u*u - y)
		p.Inputs[0].Values = append(p.Inputs[0].Values, u)
		a.Measured, a.Simulated = append(a.Measured, 0.4*u*u+0.4*r.NormFloat64()), append(a.Simulated, 0.4*u*u)
		b.Measured, b.Simulated = append(b.Measured, y+0.4*r.NormFloat64()), append(b.Simulated, y)
	}
	p.Outputs = []Trace{a, b}
	rep.Parts = []Part{p}
	for m := range 2 {
		c := Curve{Name: []string{"lstm/1", "lstm-penalty/1"}[m], Kept: m == 0, Best: 27}
		for i := 1; i <= 30; i++ {
			v := 0.9*math.Exp(-float64(i)/8) + 0.08 + 0.01*r.NormFloat64()
			q := Point{[]string{"Adam", "RMSProp"}[m], 30 * i, Number(v * v * 0.7), Number(v), nil}
			if m == 1 {
				nu := Number(0.3 - 0.02*float64(i))
				q.Residual = &nu
			}
			c.Points = append(c.Points, q)
		}
		rep.Training = append(rep.Training, c)
	}
	f := &Forgetting{What: "largest output difference", Unit: "spans of the output", Decided: Numerical}
	for k := range 600 {
		f.Difference, f.Bound = append(f.Difference, 0.8*math.Pow(0.93, float64(k))), append(f.Bound, 3*math.Pow(0.9812341, float64(k)))
	}
	rep.Forgetting = f
	return rep
}
