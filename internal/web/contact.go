package web

import (
	"net/http"

	"broadsheet/syndicate"
)

type contactBody struct {
	*sheet
	Sent    bool
	Contact string // mail address of the editor; "" for none
}

// contact takes a message to the editor (联系我们).
func (s *server) contact(r *http.Request, v *view) (*response, error) {
	f := v.newSheet(sentForm(r))
	const key = "web.contact"
	f.add(formField{Name: "subject", Kind: "text", Max: maxTitle, Required: true}, key)
	f.add(formField{Name: "text", Kind: "area", Max: maxText, Rows: 10, Required: true}, key)
	f.add(formField{Name: "name", Kind: "text", Max: maxTitle, Complete: "name"}, key)
	f.add(formField{Name: "address", Kind: "email", Max: maxAddress, Complete: "email"}, key)
	if f.admitted(r, &s.Tries.contact) {
		_, err := s.Visitors.Submit(r.Context(), &syndicate.Submission{
			Kind: syndicate.KindLetter, Address: f.value("address"), Locale: v.Lang(), Ticket: f.Ticket,
			Letter: &syndicate.Letter{Name: f.value("name"), Subject: f.value("subject"), Text: f.value("text")},
		})
		if err == nil {
			return v.redirect("/contact?sent=1"), nil
		}
		if err := f.refused(err, ""); err != nil {
			return nil, err
		}
	}
	body := contactBody{sheet: f, Contact: v.Contact(), Sent: r.Method != http.MethodPost && v.values.Get("sent") == "1"}
	return v.sheet("contact", v.T("web.contact"), f, body)
}
