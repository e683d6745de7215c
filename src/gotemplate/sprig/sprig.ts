// The function map of sprig v3.3.0's text templates, all names of it: offered, or refused with a reason.

import type { FuncMap, TemplateFunc } from '../func.ts'
import { CASE_FUNCS } from './case.ts'
import { DATE_FUNCS } from './dates.ts'
import { DICT_FUNCS } from './dicts.ts'
import { ENCODING_FUNCS } from './encoding.ts'
import { JSON_FUNCS } from './json.ts'
import { LIST_FUNCS } from './lists.ts'
import { NUMERIC_FUNCS } from './numeric.ts'
import { PATH_FUNCS } from './paths.ts'
import { REFLECT_FUNCS } from './reflect.ts'
import { REFUSED } from './refused.ts'
import { REGEX_FUNCS } from './regex.ts'
import { SEMVER_FUNCS } from './semver.ts'
import { STRING_FUNCS } from './strings.ts'
import { URL_FUNCS } from './url.ts'

export const SPRIG: FuncMap = new Map<string, TemplateFunc | { readonly refused: string }>([
  ...Object.entries(STRING_FUNCS),
  ...Object.entries(CASE_FUNCS),
  ...Object.entries(ENCODING_FUNCS),
  ...Object.entries(NUMERIC_FUNCS),
  ...Object.entries(REFLECT_FUNCS),
  ...Object.entries(LIST_FUNCS),
  ...Object.entries(DICT_FUNCS),
  ...Object.entries(JSON_FUNCS),
  ...Object.entries(REGEX_FUNCS),
  ...Object.entries(SEMVER_FUNCS),
  ...Object.entries(DATE_FUNCS),
  ...Object.entries(URL_FUNCS),
  ...Object.entries(PATH_FUNCS),
  ...REFUSED,
])
