// Package brakebywire simulates the rig of a brake-by-wire actuator. A brushless motor under current control turns a
// ball screw that moves the piston of a master cylinder; a long line joins the cylinder to a brake caliper.
//
//	current → motor, screw → piston position x → master cylinder → line → caliper
//	                              measured          p_mc measured        p_cal measured
//
// The identification problem is that of Bonassi, La Bella, Panzani, Farina and Scattolini (2023), Deep Long-Short Term
// Memory networks: Stability properties and experimental validation, ECC: from the measured piston position, the
// pressures at both ends of the line, from six experiments with a multilevel pseudo-random current. Their measurements
// are not public and their rig's constants are not printed, so nothing here is a copy of either.
//
// What makes the plant hard for a linear model is in the equations and their sources, not in a disturbance: a dead
// travel until the compensating port is covered, progressive pressure-volume curves, friction of the caliper with
// presliding (hysteresis that a standstill does not forget), replenishment from the reservoir at every quick release,
// and a line with one sample of delay and a resonance.
//
// Units are SI inside (m, m^3, Pa, s, A), mm and bar in the records. Pressures are relative to the atmosphere.
package brakebywire

import "math"

const (
	atmosphere = 1.013e5 // Pa
	bar        = 1e5     // Pa
)

// Rig holds the constants. They were fixed before any network was trained on the records.
type Rig struct {
	Fluid    Fluid
	Motor    Motor
	Cylinder Cylinder
	Line     Line
	Caliper  Caliper
	Sensors  Sensors

	CurrentMax float64 // A, largest current of the records
	Ts         float64 // s, sampling time
	Substeps   int     // integration steps per sample
}

// Fluid is the brake fluid.
type Fluid struct {
	Density   float64 // kg/m^3
	Viscosity float64 // m^2/s, kinematic
}

// Motor is the current-driven motor with ball screw, seen from the piston rod.
type Motor struct {
	Force      float64 // N/A at the rod: 2 pi kt / lead
	Mass       float64 // kg at the rod: J (2 pi / lead)^2
	Viscous    float64 // N s/m
	Coulomb    float64 // N, without load
	Load       float64 // friction per hydraulic force
	Presliding float64 // m, travel over which friction builds up
	Preload    float64 // N, return spring at x = 0
	Spring     float64 // N/m, return spring
	Stroke     float64 // m, where the far stop is
	Stop       float64 // N/m, stiffness of the stops
	StopDamp   float64 // s/m, damping of the stops by speed, relative to their elastic force
}

// Cylinder is the master cylinder.
type Cylinder struct {
	Area      float64 // m^2
	Dead      float64 // m, travel at which the compensating port is covered
	Port      float64 // m, diameter of the compensating port
	Cup       float64 // m^2, passage past the lip of the cup when the chamber sucks
	Discharge float64 // coefficient of port and cup
	Laminar   float64 // Pa, pressure below which port and cup flow laminar
	Chamber   gasLaw
}

// Line is a uniform flexible line. Elastic is what fluid and wall together take up.
type Line struct {
	Length   float64 // m
	Diameter float64 // m, bore
	Elastic  float64 // m^3/Pa per m
	Wall     float64 // s, time constant of the wall (Kelvin and Voigt)
	Air      float64 // m^3 of free air at rest, per m
}

// Caliper is what the fluid sees of pistons, seals, pads and housing.
type Caliper struct {
	Clearance  float64 // m^3 until the pads touch
	Contact    float64 // m^3 over which they come to touch
	Pads       float64 // Pa/m^6, progressive stiffness
	Seal       float64 // Pa/m^3, roll-back of the seals
	Coulomb    float64 // Pa of friction without load
	Load       float64 // friction per pad pressure
	Presliding float64 // m^3 over which friction builds up
	Viscous    float64 // Pa s/m^3
}

// Sensors of the rig.
type Sensors struct {
	FullScale     float64 // Pa, range of the pressure sensors
	PressureNoise float64 // Pa, standard deviation
	PressureStep  float64 // Pa, one count of the converter
	PositionNoise float64 // m, standard deviation
	PositionStep  float64 // m, one count of the encoder
}

// New returns the rig with its constants. Books without a section are quoted from memory, for the usual range; "ours"
// marks a choice without a source.
//
//   - Fluid: DOT 4 at 20 °C, density 1050 kg/m^3; viscosity by Walther's rule (ASTM D341) between 1200 mm^2/s at -40 °C
//     and 2.0 mm^2/s at 100 °C, typical inside the limits of FMVSS 116 (at most 1800, at least 1.5).
//   - Motor: torque constant 0.06 Nm/A and rotor inertia 4e-5 kg m^2, screw included, are usual for a brushless motor of
//     200 W; lead 4 mm; load-dependent friction of ball screw and cups 8 % (catalogues give ball screws an efficiency of
//     0.9 to 0.95). Viscous and Coulomb friction, return spring and rubber stops: ours.
//   - Cylinder: bore 11/16 inch, a common size; port 0.7 mm and dead travel 1.4 mm (Limpert, 2011, Brake Design and
//     Safety: one to two millimetres); discharge coefficient 0.6 of a sharp edge. Chamber: 8 cm^3 of fluid with bulk
//     modulus 1.6 GPa, as much again for cups and housing, and 0.04 cm^3 of air that bleeding left (ours; for the effect
//     see Merritt, 1967, Hydraulic Control Systems, section 1.4).
//   - Line: 4 m of rubber hose of bore 1/8 inch. It takes up 0.150 cm^3 per foot at 1500 psi, as Goodridge measured
//     (2005, report on braided and rubber brake hose; FMVSS 106 allows hose of low expansion 0.42). That gives waves of
//     400 m/s and a delay of 10 ms. Loss factor of rubber 0.15 at the resonance and 5 mm^3/m of air: ours.
//   - Caliper: 1.8 cm^3 at 80 bar, as a front caliper of a car takes; clearance 0.2 cm^3, that is 0.09 mm at a piston of
//     54 mm (Day, 2014, Braking of Road Vehicles, discusses both). Roll-back of the seals: ours. Friction: 9 % of the
//     pressure for seals, pads and guides together, chosen for the hysteresis that the experiment is to have, at least 3 %
//     of full scale in pressure against position.
//   - Sensors: 0 to 100 bar, noise 0.6 %, a 12-bit converter over 0 to 125 bar; encoder with 1024 counts a turn.
//
// Why 10 ms: the motor's mass on the spring of the hydraulics swings at 7 Hz, and 0.5 % of the position's amplitude
// lies beyond 20 Hz, so samples tell the motion in between; the line's resonance, 26 to 34 Hz by pressure, stays below 50 Hz.
func New() *Rig {
	const (
		torque, inertia, lead = 0.06, 4e-5, 4e-3
		turn                  = 2 * math.Pi / lead // rad/m
		inch                  = 25.4e-3
	)
	bore := 11.0 / 16 * inch
	return &Rig{
		Fluid: Fluid{Density: 1050, Viscosity: 15e-6},
		Motor: Motor{
			Force: torque * turn, Mass: inertia * turn * turn, Viscous: 2000, Coulomb: 40, Load: 0.08, Presliding: 1e-4,
			Preload: 80, Spring: 3000, Stroke: 25e-3, Stop: 5e6, StopDamp: 5,
		},
		Cylinder: Cylinder{
			Area: math.Pi / 4 * bore * bore, Dead: 1.4e-3, Port: 0.7e-3, Cup: 3e-6, Discharge: 0.6, Laminar: 0.2 * bar,
			Chamber: gasLaw{elastic: 2 * 8e-6 / 1.6e9, air: 0.04e-6},
		},
		Line: Line{Length: 4, Diameter: inch / 8, Elastic: 4.8e-14, Wall: 0.7e-3, Air: 5e-9},
		Caliper: Caliper{
			Clearance: 0.2e-6, Contact: 0.04e-6, Pads: 80 * bar / (1.6e-6 * 1.6e-6), Seal: 2 * bar / 1e-6,
			Coulomb: 0.5 * bar, Load: 0.09, Presliding: 0.08e-6, Viscous: 2e9,
		},
		Sensors: Sensors{
			FullScale: 100 * bar, PressureNoise: 0.6 * bar, PressureStep: 125 * bar / 4096,
			PositionNoise: 4e-6, PositionStep: lead / 1024,
		},
		CurrentMax: 18, Ts: 0.01, Substeps: 25,
	}
}

// Nodes is the number of compliant nodes of the line; inertances join them to each other and to both ends. Four nodes
// put the lumped line's cut-off (about 130 Hz) well above its first resonance.
const Nodes = 4

// State of the rig. Volumes count from the state at rest with empty dead travel.
type State struct {
	X, V     float64            // m, m/s: piston
	Drag     float64            // friction of the motor as a share of its level, in [-1, 1]
	Chamber  float64            // m^3 held by the master cylinder's chamber beyond its own size
	Flow     [Nodes + 1]float64 // m^3/s through the inertances, towards the caliper
	Node     [Nodes]float64     // m^3 held by the nodes of the line
	Caliper  float64            // m^3 held by the caliper
	Grip     float64            // friction of the caliper as a share of its level, in [-1, 1]
	Returned float64            // m^3 that left for the reservoir since the start

	Work float64 // J that the piston did on the fluid since the start
	Lost float64 // J that port, line and caliper friction took since the start
}

func (s State) plus(f float64, d *State) State {
	s.X += f * d.X
	s.V += f * d.V
	s.Drag += f * d.Drag
	s.Chamber += f * d.Chamber
	for i, q := range d.Flow {
		s.Flow[i] += f * q
	}
	for i, v := range d.Node {
		s.Node[i] += f * v
	}
	s.Caliper += f * d.Caliper
	s.Grip += f * d.Grip
	s.Returned += f * d.Returned
	s.Work += f * d.Work
	s.Lost += f * d.Lost
	return s
}

// Volume is the fluid in chamber, line and caliper, m^3, beyond that at rest, less what the piston swept: with Returned
// it is constant.
func (r *Rig) Volume(s State) float64 {
	v := s.Chamber + s.Caliper - r.Cylinder.Area*s.X
	for _, n := range s.Node {
		v += n
	}
	return v
}
