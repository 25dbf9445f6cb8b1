# s3hls_unit_test(NAME FILE... MODULES module...): a cmocka program over these modules and what they use, label "unit".
function(s3hls_unit_test name)
  cmake_parse_arguments(T "" "" "MODULES" ${ARGN})
  s3hls_module_objects(objects ${T_MODULES})
  add_executable(unit_${name} ${T_UNPARSED_ARGUMENTS} ${objects})
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(unit_${name} PRIVATE PkgConfig::CMOCKA PkgConfig::CURL PkgConfig::CRYPTO
                        PkgConfig::EXPAT PkgConfig::JANSSON ${S3HLS_FLAC_LIBRARY} Threads::Threads)
  add_test(NAME unit.${name} COMMAND unit_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 180)
endfunction()

# s3hls_fuzz_target(NAME FILE... MODULES module...): a libFuzzer program; its corpus is tests/fuzz/corpus/NAME.
function(s3hls_fuzz_target name)
  cmake_parse_arguments(T "" "" "MODULES" ${ARGN})
  s3hls_module_objects(objects ${T_MODULES})
  add_executable(fuzz_${name} ${T_UNPARSED_ARGUMENTS} ${objects})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  add_dependencies(fuzz fuzz_${name})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE PkgConfig::CURL PkgConfig::CRYPTO PkgConfig::EXPAT
                        PkgConfig::JANSSON ${S3HLS_FLAC_LIBRARY} Threads::Threads)
endfunction()
