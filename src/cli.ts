#!/usr/bin/env node
/** The program `paragrad`: reads the arguments and hands over to a command. */
import process from 'node:process';
import { runProgram } from './commands/program.js';

await runProgram(process.argv.slice(2));
