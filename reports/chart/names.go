package chart

// box is where something is drawn.
type box struct{ left, top, right, bottom float64 }

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// nameSeries writes the name of each line beside its last point: where it meets no point
// and no other name, if there is such a place on its right or left, above or below it.
func (p *picture) nameSeries(panel *Panel, plot area, x, y *axis) {
	const marker, gap = 5, 8
	var taken []box
	for i := range panel.Series {
		for _, point := range panel.Series[i].Points {
			at, height := plot.x(x, point.X), plot.y(y, point.Y)
			taken = append(taken, box{at - marker, height - marker, at + marker, height + marker})
		}
	}
	for i := range panel.Series {
		s := &panel.Series[i]
		if len(s.Points) == 0 {
			continue
		}
		last := s.Points[len(s.Points)-1]
		at, height, wide := plot.x(x, last.X), plot.y(y, last.Y), widthOf(s.Name, tickSize)
		places := [...]struct{ left, middle float64 }{
			{at + gap, height}, {at - gap - wide, height}, {at - wide/2, height - gap - tickSize/2}, {at - wide/2, height + gap + tickSize/2},
		}
		best := places[0]
		for _, place := range places {
			b := box{place.left, place.middle - tickSize/2, place.left + wide, place.middle + tickSize/2}
			if b.right <= plot.right && b.left >= plot.left && !meetsAny(b, taken) {
				best = place
				break
			}
		}
		taken = append(taken, box{best.left, best.middle - tickSize/2, best.left + wide, best.middle + tickSize/2})
		p.text(s.Name, tickSize, best.left, best.middle+middle*tickSize, "start")
	}
}

func meetsAny(b box, all []box) bool {
	for _, o := range all {
		if b.meets(o) {
			return true
		}
	}
	return false
}
