package doctor

import (
	"context"
	"net/netip"
)

// JudgeSPF checks an address by a record.
func (d *Doctor) JudgeSPF(ctx context.Context, domain, record string, ip netip.Addr) []Finding {
	return d.judge(ctx, domain, record, []netip.Addr{ip})
}
