package doctor

import (
	"context"
	"net/netip"
)

// JudgeSPF checks an address by the record of a sender's domain.
func (d *Doctor) JudgeSPF(ctx context.Context, sender, record string, ip netip.Addr) []Finding {
	return d.judge(ctx, sender, record, []netip.Addr{ip})
}

// ExpandSPF fills in the macros of a domain in a record of the domain of
// local@domain.
func ExpandSPF(spec, local, domain string, ip netip.Addr) (name string, known bool, err error) {
	w := &spfWalk{ip: ip, local: local, sender: domain}
	return w.expand(spec, domain)
}
