package ident_test

import (
	"context"
	"fmt"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/plant"
)

// Two cascaded tanks are simulated, shortened so that the example takes a moment, and identified with a contraction
// claim. Serious fits take the default Steps and Restarts or a Budget.
func ExampleFit() {
	set, err := plant.NewTwoTanks().Set()
	if err != nil {
		fmt.Println(err)
		return
	}
	set.Train = []dataset.Part{{To: 600, Window: 50}}
	set.Validation = []dataset.Part{{Experiment: 1, To: 300, Window: 50}}
	set.Test = []dataset.Part{{Experiment: 2, To: 400, Window: 50}}
	res, err := ident.Fit(context.Background(), set, ident.Options{
		Guarantee: ident.Contraction, Model: "r2dn", Seed: 1, Steps: 40, Restarts: 1, States: 3, Hidden: 4,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := ident.Evaluate(set, set.Test, res.Model)
	if err != nil {
		fmt.Println(err)
		return
	}
	rate, _ := res.Verdict.Rate.Float64()
	fmt.Println(res.Kind, res.Claim, "proved:", res.Verdict.Proved)
	fmt.Println("forgets:", rate < 1)
	fmt.Println("better than the mean:", scores[0].FIT[0] > 0)
	// Output:
	// r2dn contraction proved: true
	// forgets: true
	// better than the mean: true
}
