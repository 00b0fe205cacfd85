/** The public library. */
export type { Finding, FindingCode, Severity } from './check/finding.js';
export type { DataSource, TableRequest } from './data/open.js';
export { type Diagnosis, doctor } from './doctor/doctor.js';
export { type ErrorKind, EXIT_CODES, ParagradError } from './errors.js';
export type { AmdahlFit, UslFit } from './scale/laws.js';
export type { MeasuredPoint, ScalingPoint, ScalingReport } from './scale/report.js';
export { measureScaling, type ScalingMode, type ScalingOptions } from './scale/scaling.js';
export type { ResolvedConfig, TrainConfig } from './train/config.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './train/evaluate.js';
export type {
  CrossValidationDone,
  CrossValidationEvent,
  CrossValidationRun,
  DoneEvent,
  EpochEvent,
  ErrorEvent,
  FindingEvent,
  FoldResult,
  MemberResult,
  ReadingEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  TrainingRun,
  WarningEvent,
} from './train/events.js';
export { createLab, type Lab, type LabBatch, type LabStep } from './train/lab.js';
export type { LabOptions, Tensors } from './train/lab-options.js';
export type { ClassificationMetrics, Metrics, RegressionMetrics } from './train/metrics.js';
export { loadModel, type Model } from './train/model.js';
export type { ModelDescription } from './train/model-description.js';
export type { OutputColumn } from './train/output-column.js';
export { type PredictedRows, type PredictOptions, predict } from './train/predict.js';
export { crossValidate, type TrainOptions, train } from './train/run.js';
