"""The areas of one unit of work, all in one transaction."""

from __future__ import annotations

from forum.ports.accounts import People
from forum.ports.audit import Audit
from forum.ports.commissions import Commissions, Stages
from forum.ports.followers import Followers
from forum.ports.help_pledges import HelpPledges
from forum.ports.helper_links import HelperLinks
from forum.ports.mail import Mail
from forum.ports.minority_statements import MinorityStatements
from forum.ports.noticed import NoticedAnswers
from forum.ports.organisation import Organisations
from forum.ports.owners import Owners
from forum.ports.phones import Phones
from forum.ports.predictions import Predictions
from forum.ports.promises import Promises
from forum.ports.record import Facts, PastCheckpoints, Record
from forum.ports.rehearsals import RehearsalRows
from forum.ports.result_cache import Remembered
from forum.ports.retention import Retention
from forum.ports.rights import Rights
from forum.ports.second_steps import SecondSteps
from forum.ports.sessions import Cares, LastActs, Papers, Programmes, Proposals, Sessions, Stops, Tickets
from forum.ports.sign_on import Bindings
from forum.ports.stories import Drafts, Evidences, Library, Moderation, Stories
from forum.ports.voters import Voters
from forum.ports.voting import DecisionDrafts, Decisions, Reasons, Rounds
from forum.ports.webhooks import Webhooks
from forum.ports.work_list import WorkList, YourWork
from forum.store.audit import SqlAudit
from forum.store.base import Link
from forum.store.bindings import SqlBindings
from forum.store.care import SqlCare
from forum.store.checkpoints import SqlPastCheckpoints
from forum.store.commissions import SqlCommissions
from forum.store.decision_drafts import SqlDecisionDrafts
from forum.store.decisions import SqlDecisions
from forum.store.drafts import SqlDrafts
from forum.store.evidence import SqlEvidence
from forum.store.facts import SqlFacts
from forum.store.followers import SqlFollowers
from forum.store.help_pledges import SqlHelpPledges
from forum.store.helper_links import SqlHelperLinks
from forum.store.last_acts import SqlLastActs
from forum.store.library import SqlLibrary
from forum.store.mail import SqlMail
from forum.store.minority_statements import SqlMinorityStatements
from forum.store.moderation import SqlModeration
from forum.store.noticed import SqlNoticedAnswers
from forum.store.organisation import SqlOrganisations
from forum.store.owners import SqlOwners
from forum.store.paper_counts import SqlPapers
from forum.store.people import SqlPeople
from forum.store.phones import SqlPhones
from forum.store.predictions import SqlPredictions
from forum.store.programmes import SqlProgrammes
from forum.store.promises import SqlPromises
from forum.store.proposals import SqlProposals
from forum.store.reasons import SqlReasons
from forum.store.record import SqlRecord
from forum.store.rehearsals import SqlRehearsalRows
from forum.store.retention import SqlRetention
from forum.store.rights import SqlRights
from forum.store.rounds import SqlRounds
from forum.store.second_steps import SqlSecondSteps
from forum.store.sessions import SqlSessions
from forum.store.stages import SqlStages
from forum.store.stops import SqlStops
from forum.store.stories import SqlStories
from forum.store.tickets import SqlTickets
from forum.store.voters import SqlVoters
from forum.store.webhooks import SqlWebhooks
from forum.store.work_list import SqlWorkList
from forum.store.your_work import SqlYourWork


class SqlWork:
    """The areas of one transaction. The contract is ports.Work."""

    def __init__(self, link: Link, remembered: Remembered) -> None:
        self.remembered = remembered
        self.people: People = SqlPeople(link)
        self.audit: Audit = SqlAudit(link)
        self.second_steps: SecondSteps = SqlSecondSteps(link)
        self.bindings: Bindings = SqlBindings(link)
        self.webhooks: Webhooks = SqlWebhooks(link)
        self.commissions: Commissions = SqlCommissions(link)
        self.stages: Stages = SqlStages(link)
        self.stories: Stories = SqlStories(link)
        self.library: Library = SqlLibrary(link)
        self.evidence: Evidences = SqlEvidence(link)
        self.drafts: Drafts = SqlDrafts(link)
        self.moderation: Moderation = SqlModeration(link)
        self.mail: Mail = SqlMail(link)
        self.followers: Followers = SqlFollowers(link)
        sessions = SqlSessions(link)
        self.sessions: Sessions = sessions
        self.phones: Phones = SqlPhones(link, sessions)
        self.voters: Voters = SqlVoters(link)
        self.care: Cares = SqlCare(link)
        self.last_acts: LastActs = SqlLastActs(link)
        self.programmes: Programmes = SqlProgrammes(link)
        self.tickets: Tickets = SqlTickets(link)
        self.papers: Papers = SqlPapers(link)
        self.rounds: Rounds = SqlRounds(link)
        self.stops: Stops = SqlStops(link)
        self.reasons: Reasons = SqlReasons(link)
        self.proposals: Proposals = SqlProposals(link)
        self.decisions: Decisions = SqlDecisions(link)
        self.promises: Promises = SqlPromises(link)
        self.decision_drafts: DecisionDrafts = SqlDecisionDrafts(link)
        self.work_list: WorkList = SqlWorkList(link)
        self.your_work: YourWork = SqlYourWork(link)
        self.help_pledges: HelpPledges = SqlHelpPledges(link)
        self.organisation: Organisations = SqlOrganisations(link)
        self.owners: Owners = SqlOwners(link)
        self.helper_links: HelperLinks = SqlHelperLinks(link)
        self.minority: MinorityStatements = SqlMinorityStatements(link)
        self.predictions: Predictions = SqlPredictions(link)
        self.rehearsals: RehearsalRows = SqlRehearsalRows(link)
        self.noticed: NoticedAnswers = SqlNoticedAnswers(link)
        self.record: Record = SqlRecord(link)
        self.checkpoints: PastCheckpoints = SqlPastCheckpoints(link)
        self.facts: Facts = SqlFacts(link)
        self.retention: Retention = SqlRetention(link)
        self.rights: Rights = SqlRights(link)
