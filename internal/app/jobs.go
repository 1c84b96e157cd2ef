package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"broadsheet/internal/jobs"
	"broadsheet/internal/store"
	"broadsheet/mailer/compose"
	"broadsheet/syndicate"
	"broadsheet/syndicate/collect"
)

// A tickJob looks for what is due.
type tickJob struct{}

// Kind names the job.
func (tickJob) Kind() string { return "tick" }

// A refileJob files the stored articles by the themes in force.
type refileJob struct {
	Fingerprint string `json:"fingerprint"` // of the classifier, so that every change of the themes is a job of its own
}

// Kind names the job.
func (refileJob) Kind() string { return "refile" }

// An expireJob deletes the articles that were kept long enough.
type expireJob struct{}

// Kind names the job.
func (expireJob) Kind() string { return "expire" }

const (
	expireEvery = time.Hour
	// expireBatch is how many articles are deleted in one transaction.
	expireBatch = 500
)

// refileBatch is how many articles are filed anew in one transaction, few
// enough that a poll's articles never wait long for their turn to be stored.
const refileBatch = 50

// The queues, by role. Every process ticks: which one does is the queue's to
// choose.
const (
	queueTick    = "tick"
	queuePoll    = "poll"
	queuePages   = "pages"
	queueHubs    = "websub"
	queueFollow  = "followers"
	queueRefile  = "refile"
	queueStories = "stories"
	queueCompose = "compose"
	queueDeliver = "deliver"
	queueConfirm = "confirm"
	queueVisitor = "visitor_mail"
)

// queues returns the queues this process works.
func (a *App) queues() []string {
	qs := []string{queueTick}
	if a.has(RoleCollect) {
		qs = append(qs, queuePoll, queuePages, queueHubs, queueRefile, queueStories)
	}
	if a.has(RoleWeb) {
		qs = append(qs, queueFollow)
	}
	if a.has(RoleMail) {
		qs = append(qs, queueCompose, queueDeliver, queueConfirm, queueVisitor)
	}
	return qs
}

// register tells the queue who works what.
func (a *App) register(q *jobs.Queue) {
	jobs.Register(q, jobs.Options{Queue: queueTick, Timeout: time.Minute}, func(ctx context.Context, _ tickJob) error {
		return a.store.EnqueueDue(ctx, a.opts.Now())
	})
	jobs.Register(q, jobs.Options{Queue: queuePoll, Workers: 8, Timeout: 2 * time.Minute}, a.poll)
	jobs.Register(q, jobs.Options{Queue: queuePages, Workers: 4, Timeout: 12 * time.Minute}, a.pages)
	jobs.Register(q, jobs.Options{Queue: queueHubs, Workers: 2, Timeout: 2 * time.Minute}, a.askHub)
	jobs.Register(q, jobs.Options{Queue: queueFollow, Workers: 8, Timeout: 5 * time.Minute}, a.followers)
	jobs.Register(q, jobs.Options{Queue: queueRefile, Timeout: 10 * time.Minute}, a.refile)
	jobs.Register(q, jobs.Options{Queue: queueRefile, Timeout: 10 * time.Minute}, a.expire)
	jobs.Register(q, jobs.Options{Queue: queueStories, Timeout: 10 * time.Minute}, a.tell)
	jobs.Register(q, jobs.Options{Queue: queueCompose, Timeout: 5 * time.Minute}, a.compose)
	jobs.Register(q, jobs.Options{Queue: queueDeliver, Workers: 4, Timeout: 10 * time.Minute}, a.deliver)
	jobs.Register(q, jobs.Options{Queue: queueConfirm, Workers: 2, Timeout: 2 * time.Minute}, a.confirm)
	jobs.Register(q, jobs.Options{Queue: queueVisitor, Timeout: 2 * time.Minute, MaxAttempts: visitorMailAttempts}, a.visitorMail)
	jobs.Register(q, jobs.Options{Queue: queueVisitor, Timeout: 2 * time.Minute, MaxAttempts: visitorMailAttempts}, a.decisionMail)
	q.Every(a.opts.Tick, tickJob{})
	q.Every(expireEvery, expireJob{})
}

func (a *App) poll(ctx context.Context, j store.PollJob) error {
	p := a.parts.Load()
	src, ok := p.sources[j.Source]
	if !ok { // another process may have accepted it
		if err := a.readAdded(ctx); err != nil {
			return err
		}
		p = a.parts.Load()
		if src, ok = p.sources[j.Source]; !ok {
			return nil // it left the configuration while the job waited
		}
	}
	pushed, err := p.collector.Hubs.Pushed(ctx, j.Source)
	if err != nil {
		return fmt.Errorf("poll %s: %w", j.Source, err)
	}
	r, err := p.collector.Poll(ctx, src, collect.Options{Force: len(pushed) > 0})
	if err != nil {
		return unlessSlow(fmt.Errorf("poll %s: %w", j.Source, err))
	}
	a.meter.count(&r)
	a.report(PollReport{r})
	return p.collector.Hubs.Settle(ctx, pushed)
}

// unlessSlow has a job that ran out of time tried again without blame: it
// waited its turn at a host of many sources, the host is slow, or there is much
// to do for which it stands aside. What came, and what is done, is stored.
func unlessSlow(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return jobs.Later(time.Minute, err)
	}
	return err
}

// askHub asks a hub to begin, to go on or to stop pushing.
func (a *App) askHub(ctx context.Context, j store.HubJob) error {
	p := a.parts.Load()
	sub, err := a.store.Subscription(ctx, j.Token)
	if errors.Is(err, syndicate.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, configured := p.sources[sub.Source]
	return unlessSlow(p.collector.Hubs.Ask(ctx, j.Token, configured))
}

// pages fetches pages of a source's articles. Those that are left over are due
// at the next tick.
func (a *App) pages(ctx context.Context, j store.PagesJob) error {
	p := a.parts.Load()
	src, ok := p.sources[j.Source]
	if !ok || !src.FullText {
		return nil // the configuration changed while the job waited
	}
	_, err := p.collector.Pages(ctx, a.store, src)
	return unlessSlow(err)
}

func (a *App) refile(ctx context.Context, _ refileJob) error { return unlessSlow(a.refileAll(ctx)) }

// refileAll files articles that were filed by other themes, a batch a
// transaction, until none is left.
func (a *App) refileAll(ctx context.Context) error {
	p := a.parts.Load()
	fingerprint := p.classifier.Fingerprint()
	total := 0
	err := inBatches(ctx, a.pause, func(ctx context.Context) (bool, error) {
		as, err := a.store.Misfiled(ctx, fingerprint, refileBatch)
		if err != nil || len(as) == 0 {
			return false, err
		}
		for i := range as {
			src := p.sources[as[i].Source]
			as[i].Analysis = p.classifier.Classify(&as[i], &src)
		}
		if err := a.store.Reclassify(ctx, fingerprint, as); err != nil {
			return false, err
		}
		total += len(as)
		return true, nil
	})
	if total > 0 {
		a.log.Info("articles filed by the new themes", "articles", total)
	}
	return err
}

// expire deletes followers whose lease is over, sign-ups that nobody confirmed
// in time, submissions that were settled long ago, and articles, a batch a
// transaction, until all that are left are to be kept. It also keeps the
// accounts of editions that are finished.
func (a *App) expire(ctx context.Context, _ expireJob) error {
	if err := a.store.ForgetFollowers(ctx, a.opts.Now()); err != nil {
		return err
	}
	if err := a.store.ForgetSubmissions(ctx, a.opts.Now()); err != nil {
		return err
	}
	if err := a.store.ForgetSignUps(ctx, a.opts.Now().Add(-signUpsKept), a.opts.Now().Add(-2*confirmApart)); err != nil {
		return err
	}
	if err := a.keepTallies(ctx); err != nil {
		return err
	}
	keep := a.Config().Store.Keep
	if keep == 0 {
		return nil
	}
	now := a.opts.Now()
	total := 0
	err := inBatches(ctx, a.pause, func(ctx context.Context) (bool, error) {
		n, err := a.store.Expire(ctx, now.Add(-keep), now, expireBatch)
		total += n
		return n == expireBatch, err
	})
	if total > 0 {
		a.log.Info("articles kept long enough deleted", "articles", total, "keep", keep)
	}
	return unlessSlow(err)
}

// storyBatch is how many articles are compared with others in one transaction.
const storyBatch = 200

// TellStories compares the articles that wait for it with others, until none
// does. The daemon does so by itself within seconds of a poll, and whatever
// composes an edition does so first, without pauses.
func (a *App) TellStories(ctx context.Context) error { return a.tellStories(ctx, nil) }

func (a *App) tell(ctx context.Context, _ store.StoryJob) error {
	return unlessSlow(a.tellStories(ctx, a.pause))
}

func (a *App) tellStories(ctx context.Context, pause pauser) error {
	return inBatches(ctx, pause, func(ctx context.Context) (bool, error) {
		n, err := a.store.Tell(ctx, a.stories, a.opts.Now(), storyBatch)
		return n > 0, err
	})
}

// heldFor is how long an edition is held before it is tried again.
const heldFor = 5 * time.Minute

// compose makes an edition that is due. One that cannot be rendered is held
// until the template is mended: the articles wait, and the operator is told.
func (a *App) compose(ctx context.Context, j store.ComposeJob) error {
	p := a.parts.Load()
	d, ok := p.digests[j.Digest]
	if !ok {
		return nil
	}
	state, err := a.digestState(ctx, j.Digest)
	if errors.Is(err, syndicate.ErrNotFound) || err == nil && !state.OnHold.IsZero() {
		return nil // held since the job was enqueued: it is due again once it is released
	}
	if err != nil {
		return err
	}
	_, err = a.composeNow(ctx, p, d, j.At, compose.Opts{Held: j.Held})
	var fault *compose.RenderError
	if errors.As(err, &fault) {
		a.log.ErrorContext(ctx, "edition held", "digest", j.Digest, "at", j.At, "because", fault)
		now := a.opts.Now()
		return a.store.Hold(ctx, j.Digest, fault.Error(), now, now.Add(heldFor))
	}
	if err != nil {
		return fmt.Errorf("compose %s: %w", j.Digest, err)
	}
	return nil
}
