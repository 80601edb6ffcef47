package brakebywire

// Derivative returns the rates of change at a state under a motor current in A. The current is imposed: the drive's
// current loop is faster than the mechanics by two orders.
//
//	m dv/dt = kf i - A p - Fs - ks x - b v - (Fc + mu A |p|) z + stops
func (r *Rig) Derivative(s State, current float64) State {
	d := State{X: s.V}
	m := &r.Motor
	load := r.Cylinder.Area * r.circuit(&s, &d)
	level := m.Coulomb + m.Load*max(load, -load)
	d.V = (m.Force*current - load - m.Preload - m.Spring*s.X - m.Viscous*s.V - level*s.Drag + m.stops(s.X, s.V)) / m.Mass
	d.Drag = sliding(s.V, s.Drag, m.Presliding)
	return d
}

// stops is the force of the stops at both ends of the stroke, never pulling; its damping grows with the indentation
// (Hunt and Crossley, 1975, J. Appl. Mech. 42(2)), so that the force is continuous.
func (m *Motor) stops(x, v float64) float64 {
	switch {
	case x < 0:
		return -m.Stop * x * max(1-m.StopDamp*v, 0)
	case x > m.Stroke:
		return m.Stop * (m.Stroke - x) * max(1+m.StopDamp*v, 0)
	}
	return 0
}

// Step returns the state dt seconds later under constant current, by one step of the classical Runge-Kutta method of
// order 4. It keeps Volume plus Returned to rounding, since that is a linear invariant. The fastest modes are those of
// chamber and first inertance and of the stops, below 2000 per second, and presliding at full speed, below 4000 per
// second; with dt = 0.4 ms they are inside the method's limit of 2.8/dt.
func (r *Rig) Step(s State, current, dt float64) State {
	return rungeKutta(s, dt, func(s State) State { return r.Derivative(s, current) })
}

func rungeKutta(s State, dt float64, rate func(State) State) State {
	k1 := rate(s)
	k2 := rate(s.plus(dt/2, &k1))
	k3 := rate(s.plus(dt/2, &k2))
	k4 := rate(s.plus(dt, &k3))
	return s.plus(dt/6, &k1).plus(dt/3, &k2).plus(dt/3, &k3).plus(dt/6, &k4)
}

// Rest is the state without current: the piston at its stop, the port open, all pressures zero.
func (r *Rig) Rest() State {
	return State{X: -r.Motor.Preload / (r.Motor.Stop + r.Motor.Spring)}
}

// Simulate holds each current for one sampling time and returns the state at each sampling instant, before the current
// of that instant acts: states[0] = s.
func (r *Rig) Simulate(s State, current []float64) []State {
	out := make([]State, len(current))
	dt := r.Ts / float64(r.Substeps)
	for k, i := range current {
		out[k] = s
		for range r.Substeps {
			s = r.Step(s, i, dt)
		}
	}
	return out
}
