package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/internal/report"
)

func newReport() *cobra.Command {
	var picture, part, output string
	c := &cobra.Command{
		Use:   "report RUN",
		Short: "Draw the HTML report of a run again, or one picture of it",
		Long: `report draws report.html from the report.json that a run left in its folder RUN. With --picture it
writes one SVG instead: measured against simulated with the error below.`,
		Example: `  plumb report runs/two-tanks
  plumb report runs/two-tanks --picture two-tanks.svg
  plumb report runs/silverbox --picture arrow.svg --part arrow`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("report needs RUN, the folder of one run, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if s, err := os.Stat(dir); err == nil && !s.IsDir() {
				dir = filepath.Dir(dir)
			}
			r, err := report.ReadFile(filepath.Join(dir, reportData))
			if err != nil {
				return err
			}
			if picture == "" {
				page := filepath.Join(dir, reportPage)
				if err := report.RenderFile(page, r); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), page)
				return nil
			}
			i, j, err := pictured(r, part, output)
			if err != nil {
				return err
			}
			svg, err := report.Picture(r, i, j)
			if err != nil {
				return err
			}
			if err := writeAtomic(picture, []byte(svg)); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), picture)
			return nil
		},
	}
	c.Flags().StringVar(&picture, "picture", "", "write one SVG to this file instead of the report")
	c.Flags().StringVar(&part, "part", "", "part shown in the picture; default the first")
	c.Flags().StringVar(&output, "output", "", "output shown in the picture; default the first")
	return c
}

// pictured finds a part and an output by name.
func pictured(r *report.Report, part, output string) (i, j int, err error) {
	if part != "" {
		if i = slices.IndexFunc(r.Parts, func(p report.Part) bool { return p.Name == part }); i < 0 {
			var have []string
			for _, p := range r.Parts {
				have = append(have, p.Name)
			}
			return 0, 0, fmt.Errorf("--part %q is not in the report; there are %q", part, have)
		}
	}
	if output != "" {
		if j = slices.IndexFunc(r.Outputs, func(s report.Signal) bool { return s.Name == output }); j < 0 {
			var have []string
			for _, s := range r.Outputs {
				have = append(have, s.Name)
			}
			return 0, 0, fmt.Errorf("--output %q is not in the report; there are %q", output, have)
		}
	}
	return i, j, nil
}
