package dataset_test

import (
	"fmt"

	"github.com/plumb-go/plumb/dataset"
)

func ExampleOpen() {
	rec, err := dataset.Open("testdata/tank.csv", dataset.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: every %g s, %d samples of", rec.Name, rec.Ts, rec.Experiments[0].Len())
	for _, s := range rec.Signals {
		fmt.Printf(" %s [%s]", s.Name, s.Unit)
	}
	fmt.Println()
	for _, f := range dataset.Diagnose(rec) {
		fmt.Println(f.Kind, f.Text)
	}
	// Output:
	// tank: every 0.5 s, 40 samples of valve [V] level [m]
	// short the record has 40 samples
}

func ExampleSelect() {
	rec, err := dataset.Open("testdata/tank.csv", dataset.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := dataset.Select(rec, []string{"valve"}, []string{"level"}, "0-23/-/24-39", 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := set.Test[0]
	fmt.Printf("trained on %d samples, scored on samples %d-%d\n", set.Train[0].To, p.From+p.Window, p.To-1)
	_, err = dataset.Select(rec, []string{"valve"}, []string{"level"}, "0-29/-/24-39", 4)
	fmt.Println(err)
	// Output:
	// trained on 24 samples, scored on samples 28-39
	// dataset: samples 28-29 of experiment 1 are scored in the test part and lie in the training part too; a model must not be judged on samples that shaped it
}
