// The server's words, by their short names. They are generated: `make types`.
import type { components } from './api';

type Schemas = components['schemas'];
export type State = Schemas['State'];
export type Snapshot = Schemas['Snapshot'];
export type Delta = Schemas['Delta'];
export type Cluster = Schemas['ClusterView'];
export type Machine = Schemas['MachineView'];
export type Feed = Schemas['FeedView'];
export type Pod = Schemas['PodView'];
export type PodState = Pod['state'];
export type Service = Schemas['ServiceView'];
export type Outage = Schemas['OutageView'];
export type Displaced = Schemas['DisplacedView'];
export type Show = Schemas['ShowView'];
export type Round = Schemas['RoundView'];
export type Turn = Schemas['TurnView'];
export type Bet = Schemas['BetView'];
export type Mode = Schemas['Mode'];
export type Joined = Schemas['Joined'];
export type Play = Schemas['Play'];
export type Description = Schemas['Description'];
export type FeedKind = Schemas['FeedKind'];
export type Plan = Schemas['PlanView'];
export type Whoever = Schemas['Whoever'];
export type Finding = Schemas['Finding'];
export type Limits = Schemas['LimitsView'];
export type Scene = Schemas['Scene'];
