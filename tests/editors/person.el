;;; Uses eglot as a person does, and prints what came of it.  -*- lexical-binding: t; -*-
;; Started by test_emacs.py: the files it opens lie in the current folder, the server is in SERVER.

(require 'eglot)
(require 'json)

(setq eglot-sync-connect 30
      eglot-confirm-server-initiated-edits nil
      make-backup-files nil
      last-nonmenu-event ?\r) ; as if by keyboard, so that questions are asked in the minibuffer
(add-to-list 'eglot-server-programs
             (cons 'python-mode (json-parse-string (getenv "SERVER") :array-type 'list)))

(defun tell (step text)
  (princ (concat (json-serialize (list :step step :text text)) "\n")))

(defun wait-until (condition)
  "Let the server's messages in until CONDITION gives something, some seconds at most."
  (let ((end (+ (float-time) 20)) found)
    (while (not (or (setq found (funcall condition)) (> (float-time) end)))
      (accept-process-output nil 0.05))
    found))

(defun choose (wanted)
  "Answer the next question with the choice whose text begins with WANTED."
  (fset 'completing-read
        (lambda (_prompt collection &rest _)
          (seq-find (lambda (choice) (string-prefix-p wanted choice))
                    (all-completions "" collection)))))

(find-file "file.py")
(apply #'eglot--connect (eglot--guess-contact)) ; what M-x eglot does
(wait-until (lambda () (eglot-managed-p)))
(tell "attached" (if (eglot-managed-p) "yes" "no"))

;; The menu is empty until the model is there.
(goto-char (point-max))
(let ((before (buffer-string)))
  (wait-until (lambda ()
                (ignore-errors (completion-at-point))
                (not (equal before (buffer-string))))))
(tell "completed" (buffer-string))

(choose "Fix")
(let ((before (buffer-string)) (end (progn (goto-char (point-min)) (line-end-position 2))))
  (eglot-code-actions (point-min) end nil t)
  (wait-until (lambda () (not (equal before (buffer-string))))))
(tell "fixed" (buffer-string))

(set-buffer-modified-p nil)
(eglot-shutdown (eglot-current-server))
