package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"broadsheet/syndicate"
)

// Works is the machinery: queued jobs, and figures.
type Works interface {
	// Queue returns the jobs that are not done by their states, at most limit
	// of each; none in a process without a queue.
	Queue(ctx context.Context, limit int) ([]JobGroup, error)
	// RetryJob has a job tried again now, and reports whether it could be.
	RetryJob(ctx context.Context, id int64) (bool, error)
	// AllFigures returns all figures, and the address where programs have them.
	AllFigures(ctx context.Context) ([]Figure, string, error)
	// CancelJob gives a job up, and reports whether it could be.
	CancelJob(ctx context.Context, id int64) (bool, error)
}

// Logs is the log of this process.
type Logs interface {
	// LogLines returns the last lines of a level or a worse one, the last first.
	LogLines(least slog.Level) []LogLine
}

// A Vault copies the database.
type Vault interface {
	// BackupCommand returns the command that does it where TakeBackup cannot;
	// "" where it can.
	BackupCommand() string
	// TakeBackup returns a copy of the database as it is at one moment, and its
	// size in bytes. Closing it deletes it. The error is ErrBusy while another
	// one is made, and ErrNoRoom when the disk is too full.
	TakeBackup(ctx context.Context) (io.ReadCloser, int64, error)
}

// Errors of TakeBackup.
var (
	ErrBusy   = errors.New("another copy is being made")
	ErrNoRoom = errors.New("there is no room for a copy on the disk")
)

// A JobGroup is the jobs in one state.
type JobGroup struct {
	State string // "running", "retrying", "given up", "waiting" or "later"
	All   int    // jobs in this state
	Jobs  []Job  // the first of them
}

// A Job is one piece of work.
type Job struct {
	ID                   int64
	Kind, Args           string
	Attempt, MaxAttempts int
	At, Ended            time.Time // when it is to be worked; when it was given up, or zero
	Error                string    // of its last attempt
	CanRetry, CanCancel  bool
}

// A LogLine is a line of the log.
type LogLine struct {
	At      time.Time
	Level   slog.Level
	Message string
	Facts   string // key=value
}

// shownJobs is how many jobs of each state a page lists.
const shownJobs = 50

type jobGroupRow struct {
	ID, Title string
	More      int
	Jobs      []jobRow
}

type jobRow struct {
	ID                  int64
	Kind, Args, When    string
	Attempts            string
	Error               string
	CanRetry, CanCancel bool
}

func (s *server) adminQueue(r *http.Request, v *view) (*response, error) {
	groups, err := s.Admin.Works.Queue(r.Context(), shownJobs)
	if err != nil {
		return nil, err
	}
	var rows []jobGroupRow
	for i := range groups {
		g := &groups[i]
		key := strings.ReplaceAll(g.State, " ", "")
		row := jobGroupRow{ID: "jobs-" + key, Title: v.T("admin.queue."+key, g.All), More: max(0, g.All-len(g.Jobs))}
		for j := range g.Jobs {
			x := &g.Jobs[j]
			job := jobRow{
				ID: x.ID, Kind: x.Kind, Args: cut(x.Args, 200), When: v.Clock(x.At), Attempts: v.T("admin.queue.attempts", x.Attempt, x.MaxAttempts),
				Error: cut(x.Error, 1000), CanRetry: x.CanRetry, CanCancel: x.CanCancel,
			}
			if !x.Ended.IsZero() {
				job.When = v.Clock(x.Ended)
			}
			row.Jobs = append(row.Jobs, job)
		}
		rows = append(rows, row)
	}
	return v.render("admin/queue", frame{Title: v.T("admin.queue"), Body: rows})
}

// orderJob does with the job in the path what order does.
func (s *server) orderJob(done string, order func(Works, context.Context, int64) (bool, error)) pageFunc {
	return func(r *http.Request, v *view) (*response, error) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			return nil, syndicate.ErrNotFound
		}
		switch ok, err := order(s.Admin.Works, r.Context(), id); {
		case err != nil:
			return nil, err
		case !ok:
			return v.done("/admin/queue", "unchanged"), nil
		}
		return v.done("/admin/queue", done), nil
	}
}

type programLogBody struct {
	Levels []link
	Lines  []logLineRow
}

type logLineRow struct {
	At, Level, Message, Facts string
	Bad                       bool
}

// programLog shows what this process has logged of late.
func (s *server) programLog(_ *http.Request, v *view) (*response, error) {
	levels := []struct {
		name  string
		level slog.Level
	}{{"info", slog.LevelInfo}, {"warn", slog.LevelWarn}, {"error", slog.LevelError}}
	least, body := slog.LevelInfo, programLogBody{}
	asked := v.values.Get("level")
	known := asked == ""
	for _, l := range levels {
		current := l.name == asked || asked == "" && l.level == slog.LevelInfo
		if current {
			least, known = l.level, true
		}
		body.Levels = append(body.Levels, link{Href: v.Link("/admin/log/program?level=" + l.name), Title: v.T("admin.program." + l.name), Current: current})
	}
	if !known {
		return nil, syndicate.ErrNotFound
	}
	for _, line := range s.Admin.Logs.LogLines(least) {
		body.Lines = append(body.Lines, logLineRow{
			At: line.At.In(s.cfg.Site.Location).Format("2006-01-02 15:04:05"), Level: line.Level.String(), Message: line.Message, Facts: line.Facts,
			Bad: line.Level >= slog.LevelError,
		})
	}
	return v.render("admin/program", frame{Title: v.T("admin.program"), Body: body})
}

type backupBody struct{ Command, Fault string }

func (s *server) adminBackup(_ *http.Request, v *view) (*response, error) {
	return v.render("admin/backup", frame{Title: v.T("admin.backup"), Body: backupBody{Command: s.Admin.Vault.BackupCommand()}})
}

// backupTime is how long a browser may take to get a copy.
const backupTime = time.Hour

// sendBackup sends a copy of the database to whoever is signed in.
func (s *server) sendBackup(w http.ResponseWriter, r *http.Request) {
	s.adminPage(s.signedIn(func(r *http.Request, v *view) (*response, error) {
		// A copy of much takes longer than a page may. A writer without
		// deadlines has none to move.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(backupTime))
		body := backupBody{Command: s.Admin.Vault.BackupCommand()}
		status := http.StatusConflict
		if body.Command == "" {
			file, size, err := s.Admin.Vault.TakeBackup(r.Context())
			switch {
			case errors.Is(err, ErrBusy):
				body.Fault = v.T("admin.backup.busy")
			case errors.Is(err, ErrNoRoom):
				body.Fault, status = v.T("admin.backup.room"), http.StatusInsufficientStorage
			case err != nil:
				return nil, err
			default:
				return &response{
					stream: file, size: size, contentType: "application/vnd.sqlite3",
					attachment: "broadsheet-" + v.now.In(s.cfg.Site.Location).Format("20060102-150405") + ".db",
				}, nil
			}
		}
		res, err := v.render("admin/backup", frame{Title: v.T("admin.backup"), Body: body})
		if res != nil {
			res.status = status
		}
		return res, err
	})).ServeHTTP(w, r)
}
