// Package report turns the data of one identification run into one self-contained HTML file: pictures first, then the
// figures, each with the rung of its claim and how that was decided. Report is the data, plain and serialisable, so a
// report can be drawn again from the file that a run leaves behind; Render is a pure function of it.
//
// All values are in physical units and all times in seconds. A list that belongs to outputs has one entry per
// Report.Outputs, in that order. Unknown numbers are NaN (null in JSON); where 0 has no meaning, such as a rate or a
// noise level, 0 means unknown too. Sections without data are left out or say in words that there is none.
package report

// Report is everything a reader may want to know of one identification run.
type Report struct {
	Name     string   `json:"name"`    // name of the run, e.g. "two-tanks"
	Data     string   `json:"data"`    // name of the record, e.g. "demo:two-tanks"
	Outputs  []Signal `json:"outputs"` // in the order of all per-output lists
	Inputs   []Signal `json:"inputs"`
	Ts       float64  `json:"ts"` // sampling time, seconds; 0 when unknown: then times are samples
	Model    Model    `json:"model"`
	Claim    Claim    `json:"claim"`
	Rows     []Row    `json:"rows"`  // the comparison, the certified model first
	Parts    []Part   `json:"parts"` // scored parts, the test parts first
	Training []Curve  `json:"training,omitempty"`

	Forgetting     *Forgetting     `json:"forgetting,omitempty"`
	Counterexample *Counterexample `json:"counterexample,omitempty"`

	Warnings  []string  `json:"warnings,omitempty"` // e.g. a test input beyond the declared range
	Notes     []string  `json:"notes,omitempty"`    // what a reader of results on this data must know
	Reproduce Reproduce `json:"reproduce"`
}

// Signal names a measured quantity.
type Signal struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`            // "" when unknown
	Low   Number `json:"low,omitempty"`   // inputs: declared operating range; Low = High = 0 when unknown
	High  Number `json:"high,omitempty"`  //
	Noise Number `json:"noise,omitempty"` // outputs: standard deviation of the sensor noise; 0 when unknown
}

// Model says what was identified.
type Model struct {
	Name       string   `json:"name"`              // in words: "contracting Lur'e network, 2 members"
	Details    []string `json:"details,omitempty"` // sizes, delays, integrators, saturation: a short phrase each
	Parameters int      `json:"parameters"`
	Seconds    float64  `json:"seconds"` // wall time of the whole run
	Bundle     string   `json:"bundle"`  // file name of the .plumb file; "" when none was written
}

// Words for Claim.Claim and Row.Claim, the ladder of claims.
const (
	ClaimContraction = "contraction"
	ClaimDeltaISS    = "delta-iss"
	ClaimISS         = "iss"
	ClaimBounded     = "bounded"
	ClaimNone        = "none"
)

// Words for Claim.Decided and Row.Decided: how a claim was decided, weakest first. "" means undecided.
const (
	Estimated  = "estimated"           // sampled
	Numerical  = "bounded numerically" // floating point
	Verified   = "verified"            // outward-rounded arithmetic
	Proved     = "proved"              // the independent exact checker accepted
	Undecided  = ""                    //
	Refused    = "refused"             // Claim.Verdict: the checker refused
	Malformed  = "malformed"           // Claim.Verdict: the checker could not read the file
	NotClaimed = "nothing claimed"     // Claim.Verdict: --guarantee none
)

// Claim is what is said about the stability of the model and how that was decided.
type Claim struct {
	Claim       string   `json:"claim"`                // ClaimContraction, ...
	Verdict     string   `json:"verdict"`              // Proved, Refused, Malformed or NotClaimed: what plumb-check says of the file
	Decided     string   `json:"decided"`              // Proved, Verified, Numerical, Estimated
	Statement   string   `json:"statement"`            // the claim in words, as the checker prints it
	Assumptions []string `json:"assumptions"`          // domain, time model, arithmetic: a sentence each
	Arithmetic  string   `json:"arithmetic,omitempty"` // "" means real-number evaluation of the stored weights
	Failed      string   `json:"failed,omitempty"`     // refused: the first failed condition and by how much

	Rate          Number `json:"rate"`                   // smallest proved rate per step; 0 when none
	RatePerSecond Number `json:"rate_per_second"`        // Rate^(1/Ts); 0 when none
	RateDecided   string `json:"rate_decided,omitempty"` // "" means as Decided

	Gain          Number `json:"gain"`                   // proved (incremental) l2 gain or ISS gain; 0 when none
	GainWhat      string `json:"gain_what"`              // e.g. "incremental l2 gain from u to y", "ISS gain"
	GainUnit      string `json:"gain_unit"`              // e.g. "V/V"
	GainDecided   string `json:"gain_decided,omitempty"` // "" means as Decided
	GainSimulated Number `json:"gain_simulated"`         // largest gain seen in simulation, a lower bound; 0 when not simulated

	// Forgetting times in samples: after this many samples two simulations from different initial states differ by at
	// most 1 % of the output span. 0 when unknown, -1 when not reached in the simulated stretch (measured only).
	ForgettingProved   int    `json:"forgetting_proved"`
	ForgettingMeasured int    `json:"forgetting_measured"`
	ForgettingDecided  string `json:"forgetting_decided,omitempty"` // of ForgettingProved; "" means as RateDecided
	RecordSamples      int    `json:"record_samples"`               // length of the longest test part, for comparison; 0 when unknown

	// Recovery is the proved recovery time of a delta-iss claim in samples: under one input and from any two initial
	// states in the certificate's boxes, each output differs by at most 1 % of its standard deviation from then on. 0
	// when unknown.
	Recovery int           `json:"recovery,omitempty"`
	Bounds   []OutputBound `json:"bounds,omitempty"` // delta-iss: proved figures of each output
	Attack   *Attack       `json:"attack,omitempty"` // delta-iss: the search for a violation of the bound

	Balls          []Ball  `json:"balls,omitempty"` // bounded: the ball each output ends in
	CheckerSeconds float64 `json:"checker_seconds"`
	Ladder         []Rung  `json:"ladder,omitempty"` // --guarantee auto: the rungs tried, highest first
}

// Ball is a proved bound of one output: limsup |y - Center| <= Radius.
type Ball struct {
	Output string `json:"output"`
	Unit   string `json:"unit"`
	Center Number `json:"center"`
	Radius Number `json:"radius"`
}

// OutputBound holds the proved figures of one output under a delta-iss claim.
type OutputBound struct {
	Output   string `json:"output"`
	Unit     string `json:"unit"`
	Gain     Number `json:"gain"`      // of the output's difference over the largest difference of the inputs; 0 when unknown
	GainUnit string `json:"gain_unit"` // e.g. "bar/mm"
	Low      Number `json:"low"`       // reachable range; Low = High when unknown
	High     Number `json:"high"`      //
}

// Attack is what a search for two trajectories that violate a proved bound has found: a ratio above 1 would refute it.
type Attack struct {
	Ratio    Number `json:"ratio"` // largest ratio of a difference to its proved bound
	Where    string `json:"where"` // e.g. "output p_cal at sample 17"
	Pairs    int    `json:"pairs"` // random pairs of trajectories
	Searches int    `json:"searches"`
	Samples  int    `json:"samples"` // length of each trajectory
	Box      Number `json:"box"`     // largest ratio of a state to its invariant box; above 1 would refute that; 0 when not looked for
}

// Rung is one step of the ladder that was tried.
type Rung struct {
	Claim   string `json:"claim"`
	Outcome string `json:"outcome"` // e.g. "chosen", "rejected"
	Why     string `json:"why"`
}

// Roles of a Row.
const (
	RoleChosen        = "chosen"        // the model in the bundle
	RoleLinear        = "linear"        // the linear baseline
	RoleClass         = "class"         // another class or rung
	RoleUnconstrained = "unconstrained" // the twin without a guarantee: the price of the certificate
)

// Row is one model of the comparison.
type Row struct {
	Name       string  `json:"name"`
	Role       string  `json:"role"`
	Claim      string  `json:"claim"`
	Decided    string  `json:"decided"` // how the row's claim was decided
	Parameters int     `json:"parameters"`
	Scores     []Score `json:"scores"` // one per scored part
	Note       string  `json:"note,omitempty"`
}

// Score holds the free-simulation figures of one model on one part.
type Score struct {
	Part   string `json:"part"` // Part.Name
	RMSE   Series `json:"rmse"` // per output, unit of the output
	FIT    Series `json:"fit"`  // per output, 100 (1 - |y-yhat|/|y-mean y|)
	NRMSE  Series `json:"nrmse,omitempty"`
	Pooled Number `json:"rmse_pooled,omitempty"` // over all outputs; printed where there are several; 0 when unknown
}

// Part is one scored stretch of data with the model's free simulation of it.
type Part struct {
	Name       string       `json:"name"`
	Window     int          `json:"window"` // samples before the first scored one that initialised the state
	Time0      float64      `json:"time0"`  // time of the first scored sample, seconds
	Outputs    []Trace      `json:"outputs"`
	Inputs     []Input      `json:"inputs,omitempty"` // same samples; needed for the cross-correlation
	Prediction []Prediction `json:"prediction,omitempty"`
}

// Trace is one output over the scored samples of a part; Measured, Simulated and Linear have equal length.
type Trace struct {
	Name      string `json:"name"`
	Unit      string `json:"unit"`
	Measured  Series `json:"measured"` // NaN where missing
	Simulated Series `json:"simulated"`
	Linear    Series `json:"linear,omitempty"`    // free simulation of the linear baseline; nil when not kept
	ZoomFrom  int    `json:"zoom_from,omitempty"` // stretch shown enlarged; both 0: the stretch of liveliest output
	ZoomTo    int    `json:"zoom_to,omitempty"`
}

// Input is one input over the scored samples of a part.
type Input struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Values Series `json:"values"`
}

// Prediction is the error of predicting Steps samples ahead from the measured past, another figure than simulation.
type Prediction struct {
	Steps  int    `json:"steps"`
	RMSE   Series `json:"rmse"`             // per output
	Linear Series `json:"linear,omitempty"` // the same of the linear baseline
}

// Curve is the training of one member or restart.
type Curve struct {
	Name   string  `json:"name"`   // "member 1", "restart 2"
	Points []Point `json:"points"` // in the order they were made
	Kept   bool    `json:"kept"`   // part of the model handed over
	Best   int     `json:"best"`   // index of the point whose iterate was kept
}

// Point is one validation during training.
type Point struct {
	Stage      string `json:"stage"`      // "Adam", "L-BFGS"
	Step       int    `json:"step"`       // within the stage
	Loss       Number `json:"loss"`       // training loss, scaled outputs squared
	Validation Number `json:"validation"` // root mean square of the free-simulation error on validation windows, scaled outputs

	// Residual of the stability condition at this iterate: the claim can be proved where it is negative. nil where the
	// class has none.
	Residual *Number `json:"residual,omitempty"`
}

// Forgetting is the difference of two simulations under the same input from different initial states.
type Forgetting struct {
	What       string `json:"what"` // e.g. "state difference in the certificate's norm", "largest output difference"
	Unit       string `json:"unit"`
	K          []int  `json:"k,omitempty"` // sample numbers; nil means 0, 1, 2, ...
	Difference Series `json:"difference"`
	Bound      Series `json:"bound"` // c rate^k at the same samples; nil when there is none
	Decided    string `json:"decided"`
	Note       string `json:"note,omitempty"`
}

// Counterexample shows that contraction is false: one periodic input, two responses that both persist.
type Counterexample struct {
	Statement string  `json:"statement"` // what it shows and of which system: the identified model, not the plant
	Decided   string  `json:"decided"`   // Estimated for a simulation
	Ts        float64 `json:"ts"`
	Input     Input   `json:"input"`
	Output    Signal  `json:"output"`
	A         Series  `json:"a"` // output from the one initial state, last periods
	B         Series  `json:"b"` // output from the other
}

// Reproduce holds what is needed to get the same result again.
type Reproduce struct {
	Command    string   `json:"command"`         // as typed
	Rerun      string   `json:"rerun,omitempty"` // e.g. "plumb rerun runs/two-tanks/run.json"
	Check      string   `json:"check,omitempty"` // e.g. "plumb-check runs/two-tanks/two-tanks.plumb"
	Seed       uint64   `json:"seed"`
	Version    string   `json:"version"`
	Platform   string   `json:"platform"` // Go version, operating system, kernel set
	DataSHA256 string   `json:"data_sha256"`
	BundleSum  string   `json:"bundle_sha256,omitempty"`
	Steps      []string `json:"steps,omitempty"` // e.g. "member 1: Adam 1200, L-BFGS 340"
}
