package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"broadsheet/syndicate"
)

// Settings is the configuration file.
type Settings interface {
	// ConfigText returns the file as it stands on the disk, and whether it may
	// be edited here. The error is syndicate.ErrNotFound when there is no file.
	ConfigText() (text string, editable bool, err error)
	// CheckConfig returns an EditFault that has every mistake of a text, or nil.
	CheckConfig(text string) error
	// SaveConfig puts a text that has no mistakes in the place of another: the
	// file changes as a whole or not at all, and takes effect like any change
	// of it. The error is an EditFault, or ErrEdited when the file is not the
	// other one any more.
	SaveConfig(ctx context.Context, old, text string) error
}

// ErrEdited says that somebody else has changed the configuration meanwhile.
const ErrEdited = EditFault("changed meanwhile")

type configBody struct {
	Text     string
	Mark     string // of the file that the text began as
	Editable bool
	Fault    string   // about the whole
	Mistakes []string // FILE:LINE:COL: path: fault
	Good     bool     // checked, without mistakes
	comparison
}

// fileMark stands for the content of a file in a form.
func fileMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (s *server) adminConfig(_ *http.Request, v *view) (*response, error) {
	text, editable, err := s.Admin.Settings.ConfigText()
	if err != nil {
		return nil, notFound(err)
	}
	return v.config(http.StatusOK, configBody{Text: text, Mark: fileMark(text), Editable: editable})
}

func (v *view) config(status int, body configBody) (*response, error) {
	res, err := v.render("admin/config", frame{Title: v.T("admin.config"), Body: body})
	if res != nil {
		res.status = status
	}
	return res, err
}

// editConfig checks a text, and puts it in force when that is what was asked
// for. What was typed is never lost: it comes back with what is wrong.
func (s *server) editConfig(r *http.Request, v *view) (*response, error) {
	now, editable, err := s.Admin.Settings.ConfigText()
	if err != nil {
		return nil, notFound(err)
	}
	body := configBody{
		Text: strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n"), // as forms are sent
		Mark: r.PostForm.Get("mark"), Editable: editable,
	}
	var fault EditFault
	if errors.As(s.Admin.Settings.CheckConfig(body.Text), &fault) {
		for _, m := range strings.Split(string(fault), "\n") {
			if strings.HasPrefix(m, " ") && len(body.Mistakes) > 0 { // the hint of the one above
				body.Mistakes[len(body.Mistakes)-1] += "\n" + m
				continue
			}
			body.Mistakes = append(body.Mistakes, m)
		}
		return v.config(http.StatusUnprocessableEntity, body)
	}
	body.Good = true
	if r.PostForm.Get("do") == "compare" {
		err := s.compare(v, &body.comparison, func() (*syndicate.ThemeDiff, error) {
			return s.Admin.Lab.CompareText(r.Context(), body.Text, diffDays)
		})
		if err != nil {
			return nil, err
		}
		return v.config(http.StatusOK, body)
	}
	if r.PostForm.Get("do") != "save" {
		return v.config(http.StatusOK, body)
	}
	if !editable {
		return nil, syndicate.ErrNotFound
	}
	if body.Mark != fileMark(now) {
		body.Fault, body.Mark = v.T("admin.config.edited"), fileMark(now)
		return v.config(http.StatusConflict, body)
	}
	switch err := s.Admin.Settings.SaveConfig(r.Context(), now, body.Text); {
	case err == nil:
		return v.done("/admin/config", "config"), nil
	case errors.Is(err, ErrEdited):
		body.Fault = v.T("admin.config.edited")
		return v.config(http.StatusConflict, body)
	default:
		body.Fault = err.Error()
		return v.config(http.StatusInternalServerError, body)
	}
}
