// Package describe reads dataset descriptions: small YAML files for records that are spread over files and columns, or
// whose parts a command line cannot say.
//
//	name: two-runs
//	ts: 0.5                      # seconds; may be left out where the files have a time column
//	window: 4                    # first samples of every part: initialise the state, not scored; default 20
//	inputs:
//	  - {name: u, unit: V}
//	outputs:
//	  - {name: level, unit: mm}
//	experiments:
//	  - name: morning
//	    file: morning.csv        # relative to the description
//	    columns:                 # signal: column of the file; may be left out where the names agree
//	      u: valve
//	      level: {column: h, scale: 1000}              # file unit times scale = declared unit
//	  - name: evening
//	    file: evening.csv
//	    columns:
//	      u: valve
//	      level: {file: evening-level.csv, column: h, scale: 1000}
//	    rows: 2-41               # samples from 0, both ends included; default all
//	parts:                       # may be left out: then the default split
//	  train: [morning]
//	  validation: ["evening:0-19"]
//	  test:
//	    - {experiment: evening, rows: 20-39, name: steps, window: 8}
//
// An experiment may also have "experiment" (one of those in the file, by name or number), "time" (name of the time
// column, - for none), "jitter", "separator" and "decimal_comma", with the meaning of dataset.Options. The files may be
// of any format that dataset.Open reads.
//
// Unknown and doubled keys are errors; every error of the description names its line and column.
package describe
