package tuning

import (
	"fmt"
	"strconv"
	"strings"
)

// number has as many digits as people read.
func number(v float64) string {
	switch size := max(v, -v); {
	case size >= 1000:
		return thousands(int(v))
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// seconds of a number of milliseconds.
func seconds(ms float64) string {
	switch size := max(ms, -ms); {
	case size >= 10_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case size >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000)
	case size >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

func percent(share float64) string {
	p := 100 * share
	switch size := max(p, -p); {
	case size >= 10:
		return fmt.Sprintf("%.0f %%", p)
	case size >= 0.1:
		return fmt.Sprintf("%.1f %%", p)
	case size == 0:
		return "0 %"
	}
	return strings.Replace(strconv.FormatFloat(p, 'g', 1, 64), "e-0", "e-", 1) + " %"
}

// rate is a rare share: 1e-6, 2.5e-07 as 2.5e-7.
func rate(share float64) string {
	if share >= 0.001 {
		return percent(share)
	}
	return strings.Replace(strconv.FormatFloat(share, 'g', 2, 64), "e-0", "e-", 1)
}

// thousands groups digits by commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// metricText is the value of a metric with its unit.
func metricText(metric string, v float64) string {
	switch {
	case strings.Contains(metric, "_ms."):
		return seconds(v)
	case strings.HasSuffix(metric, ".rate"):
		return percent(v)
	case strings.HasPrefix(metric, "cost_usd."):
		return fmt.Sprintf("$%.3f", v)
	}
	return number(v)
}

// giveUpText says how many give up, and how that is known if it was not counted.
func giveUpText(g GiveUps) string {
	switch g.Method {
	case counted:
		return percent(g.Value) + " give-ups"
	case extrapolated:
		return "less than " + rate(max(g.High, leastRate)) + " give-ups (extrapolated)"
	case never:
		return "no give-ups"
	}
	return "less than " + rate(g.High) + " give-ups"
}

// leastRate is the smallest share that is worth a number: nobody has as many updates.
const leastRate = 1e-9
