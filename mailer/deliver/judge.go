package deliver

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
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
//
// What a destination or the relay refuses for the traffic's sake is nobody's
// blame either: it waits until stopped, when that is not zero.
func (d *Deliverer) judge(dv mailer.Delivery, reply string, err error, stopped time.Time) mailer.Delivery {
	now := d.now()
	if err == nil {
		d.connection(true)
		dv.State, dv.Reply, dv.Error, dv.Settled = mailer.Accepted, reply, "", now
		dv.Attempts++
		return dv
	}
	se := sendError(err)
	d.connection(se.Fault != mailer.ConnectionFault || !stopped.IsZero())
	dv.Reply, dv.Error = "", se.Error()
	dv.State = mailer.Deferred
	if !stopped.IsZero() && se.Fault != mailer.PermanentFault && se.Fault != mailer.UncertainFault {
		dv.NextAt = stopped
		return dv
	}
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
		dv.Attempts++
		dv.State, dv.NextAt = mailer.Uncertain, now.Add(backoff(dv.Attempts))
		dv.Error = "it may have arrived and is sent again under the same Message-ID: " + dv.Error
		if d.Hold {
			dv.NextAt, dv.Error = time.Time{}, "it may have arrived: "+se.Error()+heldBack
		}
	default:
		dv.Attempts++
		dv.NextAt = now.Add(cmp.Or(hint(dv.Error), backoff(dv.Attempts)))
	}
	return dv
}

// expire fails a delivery whose edition is too old to be tried again, and sees
// to it that the last attempt comes before that.
func expire(dv mailer.Delivery, composed, now time.Time) mailer.Delivery {
	end := composed.Add(giveUp)
	switch {
	case dv.State.Final(), dv.State == mailer.Uncertain && dv.NextAt.IsZero():
	case !now.Before(end):
		dv.State, dv.Settled = mailer.Failed, now
		dv.Error = fmt.Sprintf("given up two days after the edition was composed; the last attempt: %s", dv.Error)
	case dv.NextAt.After(end):
		dv.NextAt = end
	}
	return dv
}

// refusesMessage reports whether a message was refused for good for what it is:
// not for its recipient (x.1.x, x.2.x; RFC 3463) and not for its sender.
func refusesMessage(err error) bool {
	var se *mailer.SendError
	if !errors.As(err, &se) || se.Fault != mailer.PermanentFault || se.Code < 500 {
		return false
	}
	if _, detail, ok := strings.Cut(se.Enhanced, "."); ok {
		return !strings.HasPrefix(detail, "1.") && !strings.HasPrefix(detail, "2.")
	}
	return se.Code == 552 || se.Code == 554
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
	now := d.now()
	if resume := d.resumeAt(); now.Before(resume) {
		return fmt.Errorf("%w until %s: the relay failed several times in a row", ErrPaused, resume.UTC().Format(time.TimeOnly))
	}
	if until, why := d.Pace.pausedUntil(); now.Add(patience).Before(until) {
		return fmt.Errorf("%w until %s: the relay said: %s", ErrPaused, until.UTC().Format(time.TimeOnly), why)
	}
	if until := d.warm.exhausted(now); !until.IsZero() {
		return fmt.Errorf("%w until %s: mail.warm_up allows no more before that", ErrPaused, until.UTC().Format(time.DateTime))
	}
	return nil
}
