// Package system describes dynamical systems by expressions,
//
//	continuous  dx/dt  = f(x, u)     y = g(x, u)
//	discrete    x(k+1) = f(x(k), u(k))   y(k) = g(x(k), u(k))   every Step seconds
//
// with named parameters, states, inputs and outputs, each with its unit as text. Units are carried;
// UnitWarnings compares them with the equations. The equations do not depend on time. Parse reads a description in YAML, New takes one made by a program, FromFunc takes a
// Go function over dual numbers. Values, Jacobians and enclosures of both over boxes come from expr.Program; Linearise
// gives an lti.SS, Simulate trajectories.
//
// # The text
//
//	name: pendulum
//	title: Hanging pendulum with friction      # optional
//	time: continuous                           # or discrete, then with step: SECONDS or a parameter
//	parameters:                                # NAME: VALUE UNIT
//	  g: 9.81 m/s^2
//	  l: 1 m
//	  d: 0.5 1/s
//	define:                                    # optional: NAME: EXPRESSION, of what stands above it, states and inputs
//	  w2: g/l
//	states:                                    # NAME: UNIT
//	  theta: rad
//	  omega: rad/s
//	inputs:                                    # optional, as states
//	  a: rad/s^2
//	derivative:                                # in discrete time: next
//	  theta: omega
//	  omega: -w2*sin(theta) - d*omega + a
//	outputs:                                   # optional: NAME: EXPRESSION, or {value: EXPRESSION, unit: UNIT}; default all states
//	  theta: theta
//	equilibrium: {theta: 0, omega: 0}          # optional: states and inputs, numbers or constant expressions; others are 0
//	box:                                       # optional: the region of interest, for each state
//	  theta: [-pi, pi]
//	  omega: [-8, 8]
//
// Names are case-sensitive. Unknown keys and names are refused with line and column. Expressions are those of package
// expr.
package system
