/* SPDX-License-Identifier: BSD-2-Clause
 *
 * folder: a folder of templates, as partials
 *
 * All of it is read at once and then kept in memory: what a template names is looked up
 * among the files that were there, so no name can lead anywhere else, and whoever edits a
 * file changes nothing until the folder is read again.
 *
 * {% render "brand/footer" %} takes the first there is of
 *
 *     brand/footer.html.liquid    in HTML; in all else footer.txt.liquid
 *     brand/footer.liquid
 *     brand/footer
 *
 * Hidden files and folders (.NAME) don't count. A file NAME.liquid has to be UTF-8 text
 * within the ceilings; what is wrong with another file shows when a template names it.
 */
#ifndef LIQUID_FOLDER_H
#define LIQUID_FOLDER_H

#include "liquid/liquid.h"

#define LIQUID_FOLDER_FILE  ((size_t)1 << 20)  /* bytes of one file */
#define LIQUID_FOLDER_TOTAL ((size_t)16 << 20) /* bytes of all files */
#define LIQUID_FOLDER_FILES ((size_t)2000)     /* files and folders */
#define LIQUID_FOLDER_DEPTH 8		       /* folders within each other */

struct liquid_folder;

/* ERR_IO, ERR_NOTFOUND, ERR_LIMIT, ERR_PERM (a link that leads out) or ERR_INPUT; the text
 * begins with the path of the folder or file. */
int liquid_folder_read(struct liquid_folder **folder_r, const char *path, struct err *err);
void liquid_folder_free(struct liquid_folder **folder);
/* For a template of that mode; lives as long as the folder. NULL for NULL. */
const struct liquid_partials *liquid_folder_partials(
    const struct liquid_folder *folder, enum liquid_mode mode);

#endif
