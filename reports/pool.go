package reports

import "errors"

// Pool makes one document of several: of results, one with all of their runs in this order.
// Its environment is that of the first. One document is itself.
func Pool(all []Document) (Document, error) {
	if len(all) == 1 {
		return all[0], nil
	}
	var pooled Result
	for i, d := range all {
		r, ok := d.(Result)
		if !ok {
			return nil, errors.New("only runs of scenarios are told together, and " + kindOf(d) + " is none")
		}
		if i == 0 {
			pooled = NewResult(r.Environment)
			pooled.Passed = true
		}
		pooled.Runs = append(pooled.Runs, r.Runs...)
		pooled.NotReached = append(pooled.NotReached, r.NotReached...)
		pooled.TookMS += r.TookMS
		pooled.Passed = pooled.Passed && r.Passed
	}
	return pooled, nil
}
