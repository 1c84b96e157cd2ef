package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Never returns an error for a job that must not be tried again. Never(nil) is nil.
func Never(err error) error {
	if err == nil {
		return nil
	}
	return &neverError{err}
}

// Later returns an error for a job that cannot be done now and is to be tried
// after d, at least a second, without losing an attempt. err says why and may
// be nil.
func Later(d time.Duration, err error) error {
	return &laterError{max(d, time.Second), err}
}

type neverError struct{ err error }

func (e *neverError) Error() string { return e.err.Error() }
func (e *neverError) Unwrap() error { return e.err }

type laterError struct {
	after time.Duration
	err   error
}

func (e *laterError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("to be tried again in %s", e.after)
	}
	return fmt.Sprintf("to be tried again in %s: %v", e.after, e.err)
}

func (e *laterError) Unwrap() error { return e.err }

// A worker is a work function as River wants it.
type worker[T Args] struct {
	river.WorkerDefaults[T]
	opts Options
	work func(context.Context, T) error
	log  *slog.Logger
}

// Timeout implements river.Worker.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.opts.Timeout }

// Work implements river.Worker.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	err := w.call(ctx, job.Args)
	var never *neverError
	var later *laterError
	switch {
	case errors.As(err, &never):
		w.log.ErrorContext(ctx, "job given up", jobAttrs(job.JobRow, err)...)
		return river.JobCancel(err)
	case errors.As(err, &later):
		w.log.DebugContext(ctx, "job postponed", jobAttrs(job.JobRow, err)...)
		return river.JobSnooze(later.after)
	default:
		return err
	}
}

// call turns a panic into an error.
func (w *worker[T]) call(ctx context.Context, args T) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job %s %+v: panic: %v\n%s", args.Kind(), args, p, debug.Stack())
		}
	}()
	return w.work(ctx, args)
}

// An errorHandler logs what became of failed jobs.
type errorHandler struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (h *errorHandler) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if job.Attempt >= job.MaxAttempts {
		h.log.ErrorContext(ctx, "job given up", jobAttrs(job, err)...)
	} else {
		h.log.WarnContext(ctx, "job failed, will be tried again", jobAttrs(job, err)...)
	}
	return nil
}

// HandlePanic implements river.ErrorHandler. Panics of work functions do not
// come here, only those of River's own parts.
func (h *errorHandler) HandlePanic(ctx context.Context, job *rivertype.JobRow, val any, trace string) *river.ErrorHandlerResult {
	return h.HandleError(ctx, job, fmt.Errorf("panic: %v\n%s", val, trace))
}

func jobAttrs(job *rivertype.JobRow, err error) []any {
	return []any{
		"kind", job.Kind, "args", string(job.EncodedArgs),
		"attempt", job.Attempt, "max_attempts", job.MaxAttempts, "error", err,
	}
}
