package cli

import (
	"github.com/plumb-go/plumb/ident"
)

// Verdicts: what plumb-check says of a file, and none where the file claims nothing.
const (
	verdictProved    = "proved"
	verdictRefused   = "refused"
	verdictMalformed = "malformed"
	verdictNone      = "none"
)

// result is what identify --json prints. Lists over outputs are in the order of Outputs; numbers are in physical units;
// null means unknown or not finite.
type result struct {
	Data        string           `json:"data"`
	Inputs      []string         `json:"inputs"`
	Outputs     []string         `json:"outputs"`
	Ts          float64          `json:"ts"`
	Test        *ident.Score     `json:"test"`  // the first of Tests
	Tests       []ident.Score    `json:"tests"` // free simulation, one entry per test part
	Predictions []prediction     `json:"predictions,omitempty"`
	Linear      linearResult     `json:"linear"`
	Others      []otherResult    `json:"others,omitempty"`
	Certificate certificate      `json:"certificate"`
	Model       string           `json:"model"`
	Members     int              `json:"members"`
	Parameters  int              `json:"parameters"`
	Steps       int              `json:"steps"`
	Seconds     float64          `json:"seconds"`
	Bundle      string           `json:"bundle"`
	Report      string           `json:"report"`
	Run         string           `json:"run"`
	Rungs       []ident.Rung     `json:"rungs"`
	Contra      *contraResult    `json:"counterexample,omitempty"`
	Forgetting  *forgettingTimes `json:"forgetting,omitempty"`
	Warnings    []string         `json:"warnings,omitempty"`
	Notes       []string         `json:"notes,omitempty"`
}

// prediction is the error of predicting some steps ahead from measured data, another figure than free simulation.
type prediction struct {
	Name   string         `json:"name"`
	Steps  int            `json:"steps"`
	RMSE   []ident.Figure `json:"rmse"`
	Linear []ident.Figure `json:"linear"`
}

type linearResult struct {
	Test       *ident.Score  `json:"test"`
	Tests      []ident.Score `json:"tests"`
	Order      int           `json:"order"`
	Delay      []int         `json:"delay"`
	Parameters int           `json:"parameters"`
	Claim      string        `json:"claim"`
	Decided    string        `json:"decided"`
}

type otherResult struct {
	Model      string        `json:"model"`
	Claim      string        `json:"claim"`
	Decided    string        `json:"decided"`
	Parameters int           `json:"parameters"`
	Test       *ident.Score  `json:"test"`
	Tests      []ident.Score `json:"tests"`
}

// certificate is what the checker says of the file on disk.
type certificate struct {
	Verdict       string       `json:"verdict"`
	Claim         string       `json:"claim"`
	Rate          ident.Figure `json:"rate"`            // per step, the slowest member's
	RatePerSecond ident.Figure `json:"rate_per_second"` // rate^(1/Ts); null when Ts is unknown
	Gain          ident.Figure `json:"gain"`            // physical units
	GainWhat      string       `json:"gain_what,omitempty"`
	GainUnit      string       `json:"gain_unit,omitempty"`
	GainSimulated ident.Figure `json:"gain_simulated"` // a lower bound, seen in simulation
	Balls         []ball       `json:"balls,omitempty"`

	// Under delta-iss: the samples after which any two starts differ in each output by at most 1 % of its standard
	// deviation, the assumption on the inputs, the bounds of the outputs and the attack on them.
	Recovery     *int          `json:"recovery,omitempty"`
	InputRange   []inputRange  `json:"input_range,omitempty"`
	OutputBounds []outputBound `json:"output_bounds,omitempty"`
	Attack       *attackResult `json:"attack,omitempty"`

	Statement      string  `json:"statement"`
	Failed         string  `json:"failed,omitempty"`
	By             string  `json:"by,omitempty"`
	CheckerSeconds float64 `json:"checker_seconds"`
}

// ball is where an output ends under a boundedness claim.
type ball struct {
	Output string       `json:"output"`
	Unit   string       `json:"unit"`
	Low    ident.Figure `json:"low"`
	High   ident.Figure `json:"high"`
}

// contraResult is a counterexample to contraction without its waveforms, which the report has.
type contraResult struct {
	Statement string    `json:"statement"`
	Decided   string    `json:"decided"`
	Model     string    `json:"model"`
	Input     string    `json:"input"`
	Offset    float64   `json:"offset"`
	Amplitude float64   `json:"amplitude"`
	Frequency float64   `json:"frequency"` // cycles per sample
	Output    string    `json:"output"`
	Peaks     []float64 `json:"peaks"`
}

// forgettingTimes are in samples: until two initial states differ in the output by at most 1 % of its span.
type forgettingTimes struct {
	Bound    *int   `json:"bound"` // from the proved rate; null when the claim gives none
	Decided  string `json:"decided,omitempty"`
	Measured *int   `json:"measured"` // null when it was not reached in the part
	Part     string `json:"part"`
	Samples  int    `json:"samples"` // scored samples of that part
	Note     string `json:"note,omitempty"`
}

func first(scores []ident.Score) *ident.Score {
	if len(scores) == 0 {
		return nil
	}
	return &scores[0]
}
