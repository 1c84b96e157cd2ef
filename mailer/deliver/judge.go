package deliver

import (
	"errors"
	"fmt"
	"math"
	"time"

	"broadsheet/mailer"
)

const (
	firstRetry = 5 * time.Minute
	growth     = 1.5
	maxRetry   = 4 * time.Hour
	giveUp     = 48 * time.Hour // after the edition was composed
	soon       = time.Minute    // after a fault of the connection
	maxPause   = 15 * time.Minute
)

// judge returns a delivery with what an attempt made of it.
//
// A fault of the connection is nobody's blame: the delivery waits a minute and
// the attempt does not count. Everything that is not accepted after two days
// has failed: nobody wants last week's news.
func (d *Deliverer) judge(dv mailer.Delivery, reply string, err error) mailer.Delivery {
	now := d.now()
	if err == nil {
		d.connection(true)
		dv.State, dv.Reply, dv.Error, dv.Settled = mailer.Accepted, reply, "", now
		dv.Attempts++
		return dv
	}
	se := sendError(err)
	d.connection(se.Fault != mailer.ConnectionFault)
	dv.Reply, dv.Error = "", se.Error()
	dv.State = mailer.Deferred
	switch se.Fault {
	case mailer.ConnectionFault:
		dv.NextAt = now.Add(soon)
		if resume := d.resumeAt(); resume.After(dv.NextAt) {
			dv.NextAt = resume
		}
	case mailer.PermanentFault:
		dv.Attempts++
		dv.State, dv.Settled = mailer.Failed, now
		return dv
	case mailer.UncertainFault:
		dv.State = mailer.Uncertain
		dv.Error = "it may have arrived and is sent again under the same Message-ID: " + dv.Error
		fallthrough
	default:
		dv.Attempts++
		dv.NextAt = now.Add(backoff(dv.Attempts))
	}
	return dv
}

// expire fails a delivery whose edition is too old to be tried again, and sees
// to it that the last attempt comes before that.
func expire(dv mailer.Delivery, composed, now time.Time) mailer.Delivery {
	end := composed.Add(giveUp)
	switch {
	case dv.State.Final():
	case !now.Before(end):
		dv.State, dv.Settled = mailer.Failed, now
		dv.Error = fmt.Sprintf("given up two days after the edition was composed; the last attempt: %s", dv.Error)
	case dv.NextAt.After(end):
		dv.NextAt = end
	}
	return dv
}

// sendError returns err as what transports promise. A transport that breaks
// the promise leaves the outcome open.
func sendError(err error) *mailer.SendError {
	var se *mailer.SendError
	if errors.As(err, &se) {
		return se
	}
	return &mailer.SendError{Fault: mailer.UncertainFault, Err: err}
}

// backoff returns how long a delivery waits after its n-th attempt: 5 minutes,
// half as long again each time, at most 4 hours.
func backoff(n int) time.Duration {
	wait := float64(firstRetry) * math.Pow(growth, float64(max(n, 1)-1))
	return time.Duration(min(wait, float64(maxRetry)))
}

// connection notes whether the relay could be talked to. After a few faults in
// a row everything pauses, longer and longer, so that a dead relay is neither
// hammered nor blamed on one recipient after the other.
func (d *Deliverer) connection(ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ok {
		d.faults, d.resume = 0, time.Time{}
		return
	}
	if d.now().Before(d.resume) {
		return // several messages were under way when it happened
	}
	d.faults++
	if n := d.faults - tolerated; n >= 0 {
		d.resume = d.now().Add(min(soon<<min(n, 10), maxPause))
	}
}

func (d *Deliverer) resumeAt() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.resume
}

// paused returns an error that wraps ErrPaused while the relay is given time.
func (d *Deliverer) paused() error {
	if resume := d.resumeAt(); d.now().Before(resume) {
		return fmt.Errorf("%w until %s: the relay failed several times in a row", ErrPaused, resume.UTC().Format(time.TimeOnly))
	}
	return nil
}
